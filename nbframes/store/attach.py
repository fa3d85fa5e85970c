"""More rows for a benchmark that a store has, under a manifest of their own; nothing of the benchmark is rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.benchmarks import Metric, find_metric
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, did_you_mean, listed
from nbframes.schema import FILE_KEY, check_name
from nbframes.store.commit import withdraw
from nbframes.store.keys import resolved
from nbframes.store.write import conformed, facts_of, partitions
from nbframes.store.writer import BenchmarkWriter

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from nbframes.store.manifest import Manifest
    from nbframes.store.tables import Store

_OTHER_KEYS: Final = ("dataset", "split", "schedule", "budget", "seed", "final")
_DEFAULTS: Final[dict[str, Any]] = {"split": "none", "schedule": 0, "budget": 0, "seed": 0}


def attach_frame(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    store: str | os.PathLike[str] | Store | None = None,
    *,
    to: str,
    name: str,
    key: str = "arch",
    metrics: Sequence[Metric | str] | Metric | str | None = None,
    source: str = "",
    licence: str = "",
    citation: str = "",
    isomorphs: bool = False,
    overwrite: bool = False,
    version: str = "",
    files: Sequence[dict[str, Any]] = (),
    not_exported: Sequence[str] = (),
    notes: dict[str, Any] | None = None,
) -> Manifest:
    """Attach the rows of a frame; see `nbframes.attach`, which also reads the files of others."""
    from nbframes.store import Store, local_root

    root = local_root(store, "attach to")
    opened = Store(root)
    base = opened.manifest(to)
    check_name("attachment", name)
    defined = _definitions(metrics, opened, to, name)
    long, absent = _long(_collected(frame), key, [metric.name for metric in defined] if metrics is not None else None)
    rows = conformed(resolved(long, key, opened, to, isomorphs=isomorphs), set())
    known = {metric.name: metric for metric in defined}
    units = {
        metric: known[metric].unit if metric in known else base.units.get(metric, "")
        for metric in rows["metric"].unique()
    }
    units |= {metric: found.unit for metric in units if (found := find_metric(metric)) is not None}
    with BenchmarkWriter(root, to, attachment=name, overwrite=overwrite, sorted_curves=False) as writer:
        for partition, final, columns in partitions(rows):
            writer.append(partition, columns, final=final)
        _check_unowned(rows, opened, to, name)
        return writer.commit(
            version=version or "attached",
            official=False,
            source={"name": source or "attach", "files": list(files)},
            units=units,
            licence=licence,
            citation=citation,
            metrics=facts_of(defined, to),
            not_exported=list(not_exported),
            notes=(notes or {}) | ({"without a value": absent} if absent else {}),
        )


def detach(store: str | os.PathLike[str] | Store | None = None, *, to: str, name: str) -> Manifest:
    """Remove an attachment; the benchmark and other attachments stay byte for byte as they are.

    Parameters
    ----------
    store
        Folder of the store, by default as `nbframes.open_store` finds one that can be written.
    to
        Name of the benchmark.
    name
        Name of the attachment.

    Returns
    -------
    Manifest
        What was removed.

    Raises
    ------
    UnknownNameError
        If the store does not have the benchmark or the attachment.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> rows = {"arch": [0], "dataset": "mnist", "split": "test", "schedule": 5, "budget": 5, "seed": 1}
    >>> results = pl.DataFrame(rows | {"metric": "accuracy", "value": [90.0]})
    >>> _ = nbf.write_results(results, folder.name, benchmark="mine")
    >>> board = pl.DataFrame({"arch": [0], "dataset": "mnist", "board_ms": [3.5]})
    >>> _ = nbf.attach(board, folder.name, to="mine", name="board")
    >>> nbf.detach(folder.name, to="mine", name="board").rows()
    1
    >>> folder.cleanup()
    """
    from nbframes.store import Store, local_root

    root = local_root(store, "detach from")
    opened = Store(root)
    if not name:
        raise UnknownNameError.of("attachment", name, opened.catalogue.attachments(to))
    manifest = opened.manifest(to, name)
    withdraw(root, to, name)
    return manifest


def _collected(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    if not isinstance(frame, (pl.DataFrame, pl.LazyFrame)):
        msg = f"attach takes a polars DataFrame or LazyFrame, not {type(frame).__name__}"
        raise FrameError(msg)
    return frame.lazy().collect()


def _definitions(given: Sequence[Metric | str] | Metric | str | None, store: Store, to: str, name: str) -> list[Metric]:
    """What is said of the metrics, made sure not to contradict what is known of them."""
    listed_once = [given] if isinstance(given, (Metric, str)) else list(given or ())
    others = [store.manifest(to, other) for other in store.catalogue.attachments(to) if other != name]
    found = []
    for metric in listed_once:
        if not isinstance(metric, Metric):
            found.append(find_metric(metric) or Metric(metric, "1"))
            continue
        published = find_metric(metric.name)
        known = [(published.unit, published.better)] if published is not None else []
        known += [(m["unit"], m.get("better")) for o in others if (m := o.metrics.get(metric.name)) is not None]
        for unit, better in known:
            if (unit, better) != (metric.unit, metric.better):
                msg = (
                    f"the metric {metric.name!r} is known with unit {unit!r} and better={better!r}, not {metric.unit!r} and "
                    f"{metric.better!r}\n\nHint: one name means one quantity; convert the values, or choose another name"
                )
                raise InvalidArgumentError(msg)
        found.append(metric)
    return found


def _long(frame: pl.DataFrame, key: str, metrics: Iterable[str] | None) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows in long format under all keys, and how many cells had no value, by metric."""
    if missing := [name for name in (key, "dataset") if name not in frame.columns]:
        raise FrameError.missing_columns(missing, frame.columns)
    keys = [key, *(name for name in _OTHER_KEYS if name in frame.columns)]
    if not {"metric", "value"} <= set(frame.columns):
        frame = _unpivoted(frame, keys, list(metrics) if metrics is not None else None)
    elif surplus := [name for name in frame.columns if name not in (*keys, "metric", "value", "benchmark")]:
        msg = f"a long frame has no columns {listed(surplus)}; of a wide one name the metrics, not 'metric' and 'value'"
        raise FrameError(msg)
    absent = frame.filter(pl.col("value").is_null()).group_by("metric").len().sort("metric")
    frame = frame.drop("benchmark", strict=False).filter(pl.col("value").is_not_null())
    if frame.is_empty():
        msg = "the frame holds no value; an attachment has at least one"
        raise FrameError(msg)
    frame = frame.with_columns(
        pl.lit(value).alias(name) for name, value in _DEFAULTS.items() if name not in frame.columns
    )
    if "final" not in frame.columns:
        frame = frame.with_columns(final=pl.col("budget") == pl.col("schedule"))
    return frame, dict(absent.rows())


def _unpivoted(frame: pl.DataFrame, keys: Sequence[str], metrics: list[str] | None) -> pl.DataFrame:
    columns = metrics if metrics is not None else [name for name in frame.columns if name not in keys]
    if not columns:
        msg = f"the frame has only keys ({listed(keys)}) and no metric"
        raise FrameError(msg)
    for column in columns:
        if column not in frame.columns:
            msg = f"the frame has no column {column!r}{did_you_mean(column, frame.columns)}, which metrics= names"
            raise FrameError(msg)
        check_name("metric", column)
        if not frame[column].dtype.is_numeric():
            msg = f"column {column!r} is {frame[column].dtype}, not a number\n\nHint: name the columns that are metrics in metrics="
            raise FrameError(msg)
    numbers = frame.select(*keys, pl.col(columns).cast(pl.Float64))
    return numbers.unpivot(columns, index=list(keys), variable_name="metric", value_name="value")


def _check_unowned(rows: pl.DataFrame, store: Store, to: str, name: str) -> None:
    """Raise if the benchmark or another attachment has one of the keys."""
    for manifest in store.catalogue.manifests(to):
        if manifest.attachment == name:
            continue
        for (metric, dataset, split), part in rows.partition_by("metric", "dataset", "split", as_dict=True).items():
            folder = f"metric={metric}/dataset={dataset}/split={split}/"
            paths = [store.files.at(file.path) for file in manifest.tables["results"] if folder in file.path]
            if not paths:
                continue
            present = pl.scan_parquet(paths, glob=False, hive_partitioning=False).select(FILE_KEY)
            shared = present.join(part.lazy().select(FILE_KEY), on=FILE_KEY, how="semi").head(3).collect()
            if shared.height:
                owner = f"the attachment {manifest.attachment!r}" if manifest.attachment else "the benchmark"
                msg = (
                    f"{owner} has values of {metric!r} on {dataset!r} ({split}) under the same keys, for example "
                    f"{shared.row(0, named=True)}\n\nHint: attach them under another seed, or another metric name"
                )
                raise FrameError(msg)
