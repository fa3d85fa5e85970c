"""Results of the user's own become a benchmark of a store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nbframes.benchmarks import OFFICIAL, find_metric, registry
from nbframes.errors import FrameError, NBFramesError, UnknownNameError, listed
from nbframes.schema import RESULT_FILE, RUN_KEY, SPLITS, Partition, check_name
from nbframes.store.catalogue import OWN, Catalogue
from nbframes.store.scans import scan_plain
from nbframes.store.storage import LocalFiles
from nbframes.store.writer import BenchmarkWriter

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from nbframes.benchmarks import Metric
    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

_KEY = ("dataset", "split", "metric", "arch", "schedule", "budget", "seed")
_FACTS = ("unit", "better", "label", "description", "tie")
_BATCH_ROWS = 1_000_000


def write_results(
    frame: pl.DataFrame | pl.LazyFrame | Iterable[pl.DataFrame],
    store: str | os.PathLike[str] | Store | None = None,
    *,
    benchmark: str,
    archs: pl.DataFrame | pl.LazyFrame | Literal[False] | None = None,
    runs: pl.DataFrame | pl.LazyFrame | Literal[False] | None = None,
    overwrite: bool = False,
    version: str = "",
    units: dict[str, str] | None = None,
    metrics: Sequence[Metric] = (),
    source: str = "",
    licence: str = "",
    citation: str = "",
    synthetic: bool = False,
    not_exported: Sequence[str] = (),
    notes: dict[str, Any] | None = None,
) -> Manifest:
    """Write results in long format as a benchmark of a store.

    Parameters
    ----------
    frame
        Columns ``arch``, ``dataset``, ``split``, ``schedule``, ``budget``, ``seed``, ``metric``, ``value`` and, if wanted,
        ``final`` (by default ``budget == schedule``), in any order of rows. Columns are cast where that loses nothing; a
        ``benchmark`` column is dropped if it is constant. NaN is kept, null is refused. An iterator of frames is
        written as it comes: whatever the order of its rows, they are sorted on disk and never all in memory.
    store
        Folder of the store, made if absent; by default as `nbframes.open_store` finds it.
    benchmark
        Name of the benchmark. A published name is marked as not official in the manifest.
    archs
        One row per architecture with results, or more: ``arch`` and any further columns. By default none; where a benchmark
        is replaced, those that it has stay, and False drops them.
    runs
        One row per run: ``arch``, ``dataset``, ``schedule``, ``seed`` and any further columns. By default as ``archs``.
    overwrite
        Whether to replace the benchmark if the store has it.
    version
        What to note as the version.
    units
        Units of metrics of your own.
    metrics
        Metrics of your own as `nbframes.Metric`, which says more than a unit.
    source
        Where the values come from.
    licence
        SPDX identifier of the licence of the values.
    citation
        BibTeX of what to cite.
    synthetic
        Whether the values are made up; they are then called synthetic wherever they are shown.
    not_exported
        What the source holds and the tables do not.
    notes
        Anything else worth keeping, as JSON.

    Returns
    -------
    Manifest
        What was written.

    Raises
    ------
    FrameError
        If there are no rows, columns are missing or surplus, values are null or do not fit, a key occurs twice, or ``archs``
        lacks an architecture.
    BenchmarkExistsError
        If the store has the benchmark and ``overwrite`` is not set.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl, tempfile
    >>> frame = pl.DataFrame(
    ...     {"arch": [0, 1], "dataset": "mnist", "split": "test", "schedule": 10, "budget": 10, "seed": 0}
    ...     | {"metric": "accuracy", "value": [98.5, 99.0]}
    ... )
    >>> folder = tempfile.TemporaryDirectory()
    >>> nbf.write_results(frame, folder.name, benchmark="mine").rows()
    2
    >>> nbf.scan("mine", store=folder.name).filter(nbf.final()).collect().height
    2
    >>> folder.cleanup()
    """
    from nbframes.store import local_root

    check_name("benchmark", benchmark)
    root = local_root(store, "write to")
    present_tables = _present_tables(root, benchmark) if overwrite else {}
    side_tables = {
        "archs": _checked_archs(present_tables.get("archs") if archs is None else archs),
        "runs": _checked_runs(present_tables.get("runs") if runs is None else runs),
    }
    with BenchmarkWriter(root, benchmark, overwrite=overwrite, sorted_curves=False) as writer:
        named: set[str] = set()
        written: set[str] = set()
        present = pl.Series("arch", [], RESULT_FILE["arch"])
        known = side_tables["archs"]
        for part in _frames(frame):
            writer.finals_given |= "final" in part.columns
            rows = conformed(part, named)
            # Without archs nothing asks which architectures there are, and one of them tells that there are rows.
            present = pl.concat([present, rows["arch"].head(1) if known is None else rows["arch"].unique()]).unique()
            for partition, final, columns in partitions(rows):
                written.add(partition.metric)
                writer.append(partition, columns, final=final)
        _check_present(present, known)
        for table, side in side_tables.items():
            if side is not None:
                writer.add(table, side)  # type: ignore[arg-type]
        marks = {"published name": True} if benchmark in {known.name for known in OFFICIAL} else {}
        metrics = [*_known_apart(written, named), *metrics]
        return writer.commit(
            version=version or "own",
            official=False,
            source={"name": source or OWN, "files": []},
            units=registry.units(benchmark) | {metric.name: metric.unit for metric in metrics} | (units or {}),
            metrics=facts_of(metrics, benchmark),
            licence=licence,
            citation=citation,
            synthetic=synthetic,
            not_exported=list(not_exported),
            notes=marks | (notes or {}),
        )


def facts_of(metrics: Iterable[Metric], benchmark: str) -> dict[str, dict[str, Any]]:
    """What a manifest says of metrics: all that the benchmark does not say itself."""
    known = registry.find(benchmark)
    own = known.metrics if known is not None else ()
    return {m.name: {fact: getattr(m, fact) for fact in _FACTS} for m in metrics if m not in own}


def _known_apart(written: Iterable[str], named: Iterable[str]) -> list[Metric]:
    """Metrics of which the benchmark that the rows come from says something else than others do: so do they under another name."""
    pairs = ((find_metric(name, before), find_metric(name)) for before in named for name in sorted(written))
    return [found for found, usual in pairs if found is not None and found != usual]


def _present_tables(root: Path, benchmark: str) -> dict[str, pl.LazyFrame]:
    """The ``archs`` and ``runs`` of a benchmark that is to be replaced; none where nothing can be read."""
    files = LocalFiles(root)
    try:
        tables = Catalogue(files).manifest(benchmark).tables
    except NBFramesError:
        return {}
    paths = {table: [file.path for file in tables[table]] for table in ("archs", "runs") if tables.get(table)}
    return {table: scan_plain(files, found) for table, found in paths.items()}


def _frames(frame: pl.DataFrame | pl.LazyFrame | Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    if isinstance(frame, pl.LazyFrame):
        yield from frame.collect_batches(chunk_size=_BATCH_ROWS)
        return
    parts = [frame] if isinstance(frame, pl.DataFrame) else frame
    if not isinstance(parts, Iterable) or isinstance(parts, str) or hasattr(parts, "keys"):
        kind = f"{type(frame).__module__.split('.')[0]}.{type(frame).__name__}"
        msg = (
            f"write_results takes a polars DataFrame, a LazyFrame or an iterator of DataFrames, not {kind}\n\n"
            "Hint: pl.DataFrame(...) takes dicts and frames of pandas, pl.from_arrow(...) tables of pyarrow"
        )
        raise FrameError(msg)
    for part in parts:
        if not isinstance(part, pl.DataFrame):
            msg = f"write_results takes an iterator of polars DataFrames, but it gave a {type(part).__name__}"
            raise FrameError(msg)
        yield part


def conformed(frame: pl.DataFrame, named: set[str]) -> pl.DataFrame:
    """Check a frame and give it the columns and types of results; ``named`` collects its ``benchmark`` column."""
    if "benchmark" in frame.columns:
        named.update(frame["benchmark"].unique().to_list())
        if len(named) > 1:
            msg = f"the frame mixes the benchmarks {listed(sorted(map(str, named)))}; write them one at a time"
            raise FrameError(msg)
        frame = frame.drop("benchmark")
    if missing := [name for name in (*_KEY, "value") if name not in frame.columns]:
        raise FrameError.missing_columns(missing, frame.columns)
    if surplus := [name for name in frame.columns if name not in (*_KEY, "value", "final")]:
        msg = (
            f"results have no columns {listed(surplus)}\n\n"
            "Hint: what describes an architecture goes into archs=, what describes a run into runs="
        )
        raise FrameError(msg)
    if nulls := [column.name for column in frame if column.null_count()]:
        msg = f"null values in {listed(nulls)}: leave a missing value's row out, or write NaN if NaN was measured"
        raise FrameError(msg)
    numbers = [_cast(frame[name], RESULT_FILE[name]) for name in ("arch", "schedule", "budget", "seed", "value")]
    frame = frame.with_columns(numbers).with_columns(pl.col("dataset", "metric", "split").cast(pl.String))
    if "final" not in frame.columns:
        return frame.with_columns(final=pl.col("budget") == pl.col("schedule"))
    return frame.with_columns(_cast(frame["final"], pl.Boolean()))


def _cast(column: pl.Series, dtype: Any) -> pl.Series:
    """Cast a column if every value stays what it is."""
    if dtype == RESULT_FILE["arch"] and column.dtype.is_numeric() and len(column) and column.min() < 0:  # type: ignore[operator]
        msg = f"column {column.name!r} holds {column.min()!r}; arch, schedule, budget and seed count from 0"
        raise FrameError(msg)
    if column.dtype == dtype:
        return column
    try:
        cast = column.cast(dtype)
        same = (column.dtype.is_numeric() or column.dtype == pl.Boolean) and cast.cast(column.dtype).equals(column)
    except pl.exceptions.PolarsError:
        same = False
    if not same:
        msg = f"column {column.name!r} ({column.dtype}) does not fit {dtype} without loss; it begins {column.head(3).to_list()!r}"
        raise FrameError(msg)
    return cast


def partitions(frame: pl.DataFrame) -> Iterator[tuple[Partition, bool, dict[str, np.ndarray[Any, Any]]]]:
    """Columns of each partition, those of final rows apart from the others."""
    keys = ("metric", "dataset", "split", "final")
    alike = {name: frame[name][0] for name in keys if frame.height and (frame[name] == frame[name][0]).all()}
    varying = [name for name in keys if name not in alike]
    parts = frame.partition_by(varying, as_dict=True, include_key=False) if varying else {(): frame}
    for values, part in parts.items():
        told = alike | dict(zip(varying, values, strict=True))
        metric, dataset, split, final = (told[name] for name in keys)
        if split not in SPLITS:
            raise UnknownNameError.of("split", split, SPLITS)
        partition = Partition(check_name("metric", metric), check_name("dataset", dataset), str(split))
        names = ("arch", "schedule", "budget", "seed", "value")
        yield partition, bool(final), {name: part[name].to_numpy() for name in names}


def _check_present(present: pl.Series, archs: pl.DataFrame | None) -> None:
    if present.is_empty():
        msg = "the frame has no rows; a benchmark has at least one value"
        raise FrameError(msg)
    if archs is None:
        return
    lacking = present.filter(~present.is_in(archs["arch"].implode())).sort()
    if len(lacking):
        msg = (
            f"archs lacks {len(lacking)} architectures that have results: {listed(lacking)}\n\n"
            "Hint: give each of them a row in archs=, or write the results without archs (archs=False where a benchmark is replaced)"
        )
        raise FrameError(msg)


def _side_frame(table: str, frame: pl.DataFrame | pl.LazyFrame, key: Sequence[str]) -> pl.DataFrame:
    """Collect a frame for ``archs`` or ``runs`` and make sure that its key is there and nowhere null."""
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        msg = f"{table} should be a polars DataFrame or LazyFrame, not {type(frame).__name__}"
        raise FrameError(msg)
    frame = frame.lazy().collect()
    if missing := [name for name in key if name not in frame.columns]:
        raise FrameError.missing_columns(missing, frame.columns, f"{table} needs the columns {listed(key)}")
    if nulls := [name for name in key if frame[name].null_count()]:
        msg = f"null values in {listed(nulls)} of {table}: they identify the rows"
        raise FrameError(msg)
    return frame.with_columns(_storable(column, table) for column in frame)


def _storable(column: pl.Series, table: str) -> pl.Series:
    """A column as a file can hold it and every reader understands it: whole numbers have a sign and 64 bits."""
    if column.dtype in (pl.UInt64, pl.Int128, pl.UInt128):
        return _cast(column, pl.Int64())
    try:
        unheard_of = column.dtype == pl.Object or column.clear().to_arrow() is None
    except ValueError:  # what pyarrow raises is one
        unheard_of = True
    if unheard_of:
        msg = f"column {column.name!r} of {table} is {column.dtype}, which Parquet cannot store; cast it to Int64, Float64 or String"
        raise FrameError(msg)
    return column


def _checked_archs(given: pl.DataFrame | pl.LazyFrame | Literal[False] | None) -> pl.DataFrame | None:
    if given is None or given is False:
        return None
    archs = _side_frame("archs", given, ["arch"])
    archs = archs.drop("benchmark", strict=False).with_columns(_cast(archs["arch"], RESULT_FILE["arch"])).sort("arch")
    _check_unique(archs, ["arch"], "archs")
    return archs


def _checked_runs(given: pl.DataFrame | pl.LazyFrame | Literal[False] | None) -> pl.DataFrame | None:
    if given is None or given is False:
        return None
    runs = _side_frame("runs", given, RUN_KEY)
    casts = [_cast(runs[name], RESULT_FILE[name]) for name in ("arch", "schedule", "seed")]
    runs = runs.drop("benchmark", strict=False).with_columns(casts).with_columns(pl.col("dataset").cast(pl.String))
    for name in runs["dataset"].unique():
        check_name("dataset", name)
    _check_unique(runs, list(RUN_KEY), "runs")
    return runs.sort(RUN_KEY)


def _check_unique(frame: pl.DataFrame, key: list[str], table: str) -> None:
    twice = frame.select(key).filter(pl.struct(key).is_duplicated()).unique().sort(key)
    if twice.height:
        msg = f"{twice.height} keys occur more than once in {table}, for example {twice.row(0, named=True)!r}"
        raise FrameError(msg)
