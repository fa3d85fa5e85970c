"""Whether a store is what its manifests say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from nbframes.benchmarks import registry, resolve
from nbframes.errors import InvalidArgumentError, StoreError
from nbframes.progress import bar
from nbframes.schema import (
    FILE_KEY,
    RESULT_FILE,
    RUN_KEY,
    TABLES,
    Table,
    check_name,
    check_split,
    manifest_file,
    table_folder,
)
from nbframes.store.commit import recover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbframes.store import Store
    from nbframes.store.manifest import Manifest, StoredFile

_SHOWN = 3
_CELLS_BY_VERTICES = {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}
"""Unique cells of NAS-Bench-101 by number of vertices (Ying et al., ICML 2019)."""
_WHOLE = 2**31
"""Spaces of at least so many architectures are sampled, not held: an index of ``archs`` ends there."""


def verify(store: Store, *benchmarks: str, progress: bool = False) -> pl.DataFrame:
    """Check every file of a store against its manifest; see `nbframes.Store.verify`."""
    if not store.files.remote:
        recover(Path(store.root))
    chosen = benchmarks or tuple(store.benchmarks())
    problems: list[tuple[str, str, str]] = []
    manifests = {}
    for name in chosen:
        try:
            manifests[name] = store.manifest(name)
        except StoreError as error:
            problems.append((name, manifest_file(name), str(error)))
    total = sum(manifest.size() for manifest in manifests.values())
    with bar("verify", total=total, unit="B", show=progress) as shown:
        for name, manifest in manifests.items():
            found = []
            for table, files in manifest.tables.items():
                for file in files:
                    found += [(name, file.path, problem) for problem in _file_problems(store, table, file)]
                    shown.update(file.size)
            found += [(name, path, "no manifest names this file") for path in _strays(store, manifest)]
            problems += found or [(name, "archs", problem) for problem in _arch_problems(store, manifest)]
    if not benchmarks:
        problems += _foreign_files(store, set(chosen))
    return pl.DataFrame(problems, schema=dict.fromkeys(("benchmark", "path", "problem"), pl.String), orient="row")


def _file_problems(store: Store, table: Table, file: StoredFile) -> Iterator[str]:
    size = store.files.size(file.path)
    if size is None:
        yield "the file is missing"
        return
    if size != file.size:
        yield f"the file has {size:,} bytes, the manifest says {file.size:,}"
        return
    if (digest := store.files.sha256(file.path)) != file.sha256:
        yield f"the content has sha256 {digest}, the manifest says {file.sha256}"
        return
    frame = pl.scan_parquet(
        store.files.at(file.path), hive_partitioning=False, glob=False, storage_options=store.files.storage_options
    )
    rows = frame.select(pl.len()).collect().item()
    if rows != file.rows:
        yield f"the file has {rows:,} rows, the manifest says {file.rows:,}"
    if table == "results":
        yield from _partition_problems(frame, file)
    else:
        yield from _duplicates(frame, ["arch"] if table == "archs" else list(RUN_KEY))


def _partition_problems(frame: pl.LazyFrame, file: StoredFile) -> Iterator[str]:
    values = dict(part.split("=", 1) for part in file.path.split("/") if "=" in part)
    try:
        for kind in ("benchmark", "metric", "dataset"):
            check_name(kind, values.get(kind))
        check_split(values.get("split"))
    except InvalidArgumentError as error:
        yield str(error)
    if (schema := frame.collect_schema()) != pl.Schema(RESULT_FILE):
        yield f"the columns are {dict(schema)}, but results have {RESULT_FILE}"
        return
    yield from _duplicates(frame, list(FILE_KEY))
    odd = frame.select(
        nulls=pl.any_horizontal(pl.all().is_null().any()),
        final=(pl.col("final") != file.path.rsplit("/", 1)[1].startswith("final")).sum(),
    ).collect()
    if odd["nulls"].item():
        yield "there are null values"
    if odd["final"].item():
        yield f"{odd['final'].item():,} rows stand in the wrong one of the final and the curve file"


def _duplicates(frame: pl.LazyFrame, key: list[str]) -> Iterator[str]:
    twice = frame.group_by(key).len().filter(pl.col("len") > 1).drop("len").sort(key).collect()
    if twice.height:
        examples = ", ".join(str(row) for row in twice.head(_SHOWN).iter_rows(named=True))
        yield f"{twice.height:,} keys occur more than once, for example {examples}"


def _strays(store: Store, manifest: Manifest) -> list[str]:
    named = {file.path for files in manifest.tables.values() for file in files}
    folders = [table_folder(table, manifest.benchmark) for table in TABLES]
    return [path for folder in folders for path in store.files.below(folder) if path not in named]


def _foreign_files(store: Store, benchmarks: set[str]) -> Iterator[tuple[str, str, str]]:
    """Files below the table folders that belong to no benchmark: anything but Parquet there breaks folder scans."""
    for table in TABLES:
        for path in store.files.below(table):
            owner = path.split("/")[1].removeprefix("benchmark=")
            if owner not in benchmarks:
                yield owner if "benchmark=" in path else "", path, "no manifest names this file"


def _arch_problems(store: Store, manifest: Manifest) -> Iterator[str]:
    """Compare the architectures of results and archs, and nb101's cells with the published numbers."""
    if not manifest.tables.get("archs"):
        return
    archs = store.scan_archs(manifest.benchmark)
    known = archs.select("arch").collect()
    unknown = store.scan(manifest.benchmark).select("arch").unique().collect().join(known, on="arch", how="anti")
    if unknown.height:
        yield f"{unknown.height:,} architectures have results but no row in archs, for example {unknown.row(0)[0]}"
    if manifest.benchmark == "nb101" and manifest.official:
        surplus = {v: n for v, n in _by_vertices(store).items() if n > _CELLS_BY_VERTICES.get(v, 0)}
        if surplus:
            yield f"more cells than the space has, by vertices: {surplus}; the space has {_CELLS_BY_VERTICES}"


def coverage(store: Store, *benchmarks: str) -> pl.DataFrame:
    """Count the architectures of a store, against the published spaces where these are finite.

    Returns
    -------
    DataFrame
        ``benchmark``, ``part`` (number of vertices for nb101, else ``all``), ``archs`` in the store, ``space`` published.
    """
    rows: list[tuple[str, str, int, int | None]] = []
    for name in benchmarks or store.benchmarks():
        manifest = store.manifest(name)
        if name == "nb101" and manifest.official:
            counts = _by_vertices(store)
            rows += [(name, f"{v} vertices", counts.get(v, 0), n) for v, n in _CELLS_BY_VERTICES.items()]
        else:
            rows.append((name, "all", manifest.rows("archs"), _space_size(name) if manifest.official else None))
    schema = {"benchmark": pl.String, "part": pl.String, "archs": pl.Int64, "space": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _space_size(name: str) -> int | None:
    known = registry.find(name)
    size: int | None = resolve(known.space).SIZE if known is not None and known.space else None
    return size if size is not None and size < _WHOLE else None


def missing_cells(store: Store, *, progress: bool = False) -> pl.DataFrame:
    """Enumerate the search space of NAS-Bench-101 and list the cells that the store lacks.

    Returns
    -------
    DataFrame
        Text form, hash and encoding of every missing cell.
    """
    from nbframes.spaces import nb101

    hashes = store.scan_archs("nb101").select("hash").collect().to_series()
    return nb101.missing(hashes, progress=progress)


def _by_vertices(store: Store) -> dict[int, int]:
    counts = store.scan_archs("nb101").group_by(pl.col("vertices").cast(pl.Int64)).len().collect()
    return dict(counts.iter_rows())
