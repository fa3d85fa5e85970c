"""A described table becomes an attachment or a benchmark, without code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes import benchmarks
from nbframes.errors import InvalidArgumentError, SourceError, did_you_mean, listed
from nbframes.export.attachments.description import Column, Description, MeasuredColumn, read_description
from nbframes.export.attachments.tables import read_table
from nbframes.spaces import resolve

if TYPE_CHECKING:
    import os

    from nbframes.export.attachments.description import Key
    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

_DEFAULTS: Final[dict[str, Any]] = {"split": "none", "schedule": 0, "budget": 0, "seed": 0}
_ARCHITECTURE: Final = "architecture"


def import_table(
    path: str | os.PathLike[str], /, store: str | os.PathLike[str] | Store | None = None, *, overwrite: bool = False
) -> Manifest:
    """Make an attachment or a benchmark of a CSV or Parquet table that a small TOML beside it describes.

    Parameters
    ----------
    path
        The description; ``nbframes import --template`` writes one to fill in. It names the table, the column of the
        architectures, the columns that hold metrics with their units, and what else there is to know.
    store
        Folder of the store, by default as `nbframes.open_store` finds one that can be written.
    overwrite
        Whether to replace an attachment or benchmark of that name.

    Returns
    -------
    Manifest
        What was written.

    Raises
    ------
    SourceError
        If the description or its table cannot be read or do not fit each other; the text names the line of the description.
    FrameError
        If architectures are not those of the benchmark, or a key occurs twice.
    BenchmarkExistsError
        If the name is taken and ``overwrite`` is not set.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl, pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> pl.DataFrame({"net": ["a", "b"], "top1": [71.5, 73.0]}).write_csv(folder.name + "/table.csv")
    >>> _ = pathlib.Path(folder.name, "table.toml").write_text('''
    ... [table]
    ... file = "table.csv"
    ... key = "net"
    ... [benchmark]
    ... name = "mine"
    ... [keys]
    ... dataset = "mnist"
    ... split = "test"
    ... schedule = 10
    ... budget = 10
    ... [metrics.top1]
    ... metric = "accuracy"
    ... ''')
    >>> nbf.import_table(folder.name + "/table.toml", folder.name + "/store").rows()
    2
    >>> folder.cleanup()
    """
    description = read_description(path)
    table = _table(description)
    left_out: dict[str, int] = {}
    rows = pl.concat([_rows(description, table, column, left_out) for column in description.columns])
    if description.attach is not None:
        return _attached(description, rows, store, left_out, overwrite=overwrite)
    return _benchmark(description, table, rows, store, left_out, overwrite=overwrite)


def _table(description: Description) -> pl.DataFrame:
    file = description.table
    try:
        table = read_table(file)
    except SourceError as error:
        description.refuse("table", "file", str(error))
    wanted = {("table", "key"): description.key}
    wanted |= {("keys", name): key.name for name, key in description.keys.items() if isinstance(key, Column)}
    wanted |= {("runs", name): column.name for name, column in description.runs.items()}
    for column in description.columns:
        wanted[f"metrics.{column.column}", ""] = column.column
        wanted |= {
            (f"metrics.{column.column}", k): key.name for k, key in column.keys.items() if isinstance(key, Column)
        }
    for (section, entry), name in wanted.items():
        if name not in table.columns:
            near = did_you_mean(name, table.columns)
            description.refuse(
                section, entry, f"{file.name} has no column {name!r}{near}; it has {listed(table.columns)}"
            )
    return table


def _rows(
    description: Description, table: pl.DataFrame, column: MeasuredColumn, left_out: dict[str, int]
) -> pl.DataFrame:
    """Rows of one column in long format, without those that have no value."""
    keys = _DEFAULTS | description.keys | column.keys
    section = f"metrics.{column.column}"
    if "dataset" not in keys:
        description.refuse("keys", "", "no dataset is given: write dataset in [keys], as a string or { column = ... }")
    values = _numbers(description, section, table[column.column])
    frame = table.select(
        pl.col(description.key).alias(_ARCHITECTURE),
        *(_key(name, key) for name, key in keys.items()),
        pl.lit(column.metric.name).alias("metric"),
    ).with_columns(values.alias("value"))
    absent = frame["value"].is_in(column.no_value) | frame["value"].is_null()
    if count := int(absent.sum()):
        left_out[column.metric.name] = left_out.get(column.metric.name, 0) + count
    return frame.filter(~absent)


def _key(name: str, key: Key) -> pl.Expr:
    given = pl.col(key.name) if isinstance(key, Column) else pl.lit(key)
    return given.cast(pl.String if name in ("dataset", "split") else pl.Int64).alias(name)


def _numbers(description: Description, section: str, column: pl.Series) -> pl.Series:
    values = column.cast(pl.Float64, strict=False)
    if (wrong := values.is_null() & column.is_not_null()).any():
        row = int(wrong.arg_true()[0])
        description.refuse(
            section, "", f"column {column.name!r} holds {column[row]!r} in row {row + 1}, which is not a number"
        )
    return values


def _attached(
    description: Description, rows: pl.DataFrame, store: Any, left_out: dict[str, int], *, overwrite: bool
) -> Manifest:
    from nbframes.store.attach import attach_frame

    target = description.attach or {}
    key = description.key if description.key in ("arch", "arch_str", "hash") else _ARCHITECTURE
    return attach_frame(
        rows.rename({_ARCHITECTURE: key}),
        store,
        to=target["to"],
        name=target["name"],
        key=key,
        metrics=[column.metric for column in description.columns],
        source=description.source,
        licence=description.licence,
        citation=description.citation,
        isomorphs=bool(target.get("isomorphs", False)),
        overwrite=overwrite,
        notes={"table": description.table.name, "left out": left_out},
    )


def _benchmark(
    description: Description,
    table: pl.DataFrame,
    rows: pl.DataFrame,
    store: Any,
    left_out: dict[str, int],
    *,
    overwrite: bool,
) -> Manifest:
    from nbframes.store.write import write_results

    target = description.benchmark or {}
    archs = _archs(description, table, target.get("space"))
    numbered = rows.join(archs.select("arch", _ARCHITECTURE), on=_ARCHITECTURE).drop(_ARCHITECTURE)
    if target.get("full_schedule") is not None:
        _register(description, target, rows)
    return write_results(
        numbered,
        store,
        benchmark=target["name"],
        archs=archs.drop(_ARCHITECTURE),
        runs=_runs(description, table, archs),
        overwrite=overwrite,
        version=target.get("title", ""),
        metrics=[column.metric for column in description.columns],
        source=description.source or description.table.name,
        licence=description.licence,
        citation=description.citation,
        notes={"table": description.table.name, "left out": left_out},
    )


def _archs(description: Description, table: pl.DataFrame, space: str | None) -> pl.DataFrame:
    """Architectures in order of their first appearance, or by their own index where the key is one."""
    names = table.select(pl.col(description.key).alias(_ARCHITECTURE)).unique(maintain_order=True)
    if description.key == "arch":
        return names.with_columns(arch=pl.col(_ARCHITECTURE).cast(pl.Int32), position=pl.int_range(pl.len()))
    texts = names[_ARCHITECTURE].cast(pl.String)
    archs = names.with_row_index("arch").with_columns(position=pl.col("arch"), arch_str=texts, hash=texts)
    if space is None:
        return archs
    try:
        known = resolve(space)
        formed = known.format(texts) if hasattr(known, "format") else texts
        return archs.with_columns(arch_str=formed, hash=known.hash(formed))
    except InvalidArgumentError as error:
        description.refuse("benchmark", "space", str(error))


def _runs(description: Description, table: pl.DataFrame, archs: pl.DataFrame) -> pl.DataFrame | None:
    if not description.runs:
        return None
    keys = {
        name: key for name, key in (_DEFAULTS | description.keys).items() if name in ("dataset", "schedule", "seed")
    }
    costs = table.select(
        pl.col(description.key).alias(_ARCHITECTURE),
        *(_key(name, key) for name, key in keys.items()),
        *(pl.col(column.name).alias(name) for name, column in description.runs.items()),
    )
    return costs.join(archs.select("arch", _ARCHITECTURE), on=_ARCHITECTURE).drop(_ARCHITECTURE).unique()


def _register(description: Description, target: dict[str, Any], rows: pl.DataFrame) -> None:
    """Make the benchmark known in this process, so that its full schedule has a name."""
    pairs = rows.select("dataset", "split").unique().sort("dataset", "split")
    splits: dict[str, list[str]] = {}
    for dataset, split in pairs.rows():
        splits.setdefault(dataset, []).append(split)
    try:
        benchmarks.register(
            benchmarks.Benchmark(
                target["name"],
                title=target.get("title", target["name"]),
                space=target.get("space"),
                datasets=list(splits),
                splits=splits,
                metrics=[column.metric for column in description.columns],
                full_schedule=target["full_schedule"],
                licence=description.licence,
                citation=description.citation,
            ),
            overwrite=True,
        )
    except InvalidArgumentError as error:
        description.refuse("benchmark", "name", str(error))
