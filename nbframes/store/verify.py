"""Whether a store is what its manifests say."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.display.progress import bar
from nbframes.errors import StoreError, UnknownNameError
from nbframes.schema import (
    FILE_KEY,
    RECORD,
    RESULT_FILE,
    RUN_KEY,
    TABLES,
    Partition,
    Table,
    manifest_file,
    manifest_owner,
    table_folder,
)
from nbframes.store import delta
from nbframes.store.commit import recover
from nbframes.store.contents import Contents, table_of_contents
from nbframes.store.manifest import is_unaltered
from nbframes.store.scans import scan_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbframes.store.catalogue import Catalogue
    from nbframes.store.manifest import Manifest, StoredFile
    from nbframes.store.storage import Files

    Problems = Iterator[tuple[str, str]]

_SHOWN: Final = 3
_KEYS: Final = {"results": list(FILE_KEY), "archs": ["arch"], "runs": list(RUN_KEY)}
_ROWS_AT_ONCE: Final = 1_000_000
_CELLS_BY_VERTICES: Final = {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}
"""Unique cells of NAS-Bench-101 by number of vertices (Ying et al., ICML 2019)."""
_WHOLE: Final = 2**31
"""Spaces of at least so many architectures are sampled, not held: an index of ``archs`` ends there."""
_LITTER: Final = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What desktops leave in folders; in ``manifests`` it harms nobody."""


def verify(catalogue: Catalogue, *benchmarks: str, progress: bool = False) -> pl.DataFrame:
    """Check every file of a store against its manifest; see `nbframes.Store.verify`."""
    problems = [("", RECORD, problem) for problem in _finish_commit(catalogue.files)]
    if not problems:
        problems += _store_problems(catalogue, benchmarks, progress=progress)
    schema = dict.fromkeys(("benchmark", "path", "problem"), pl.String)
    return pl.DataFrame(problems, schema=schema, orient="row")


def _finish_commit(files: Files) -> Iterator[str]:
    """Finish an interrupted commit where the store can be written."""
    if files.remote:
        return
    try:
        with suppress(OSError):  # a store that is read-only has no writer either
            recover(Path(files.root))
    except StoreError as error:
        yield str(error)


def _store_problems(
    catalogue: Catalogue, benchmarks: Sequence[str], *, progress: bool
) -> Iterator[tuple[str, str, str]]:
    names = benchmarks or sorted({owner for owner, _ in catalogue.owners()})
    manifests: dict[str, list[Manifest]] = {name: [] for name in names}
    for name in names:
        for attachment in ("", *catalogue.attachments(name)):
            try:
                manifests[name].append(catalogue.manifest(name, attachment))
            except UnknownNameError:
                if name in benchmarks:
                    raise
                yield name, manifest_file(name), "there are attachments to this benchmark, but it has no manifest"
            except StoreError as error:
                yield name, manifest_file(name, attachment), str(error)
    total = sum(manifest.size() for found in manifests.values() for manifest in found)
    with bar("verify", total=total, unit="B", show=progress) as shown:
        for name, found in manifests.items():
            problems = [
                (path, problem) for manifest in found for path, problem in _each_file(catalogue, manifest, shown)
            ]
            if found and not problems:
                problems = list(_together_problems(catalogue.files, found))
            problems += (problem for manifest in found for problem in _manifest_problems(catalogue.files, manifest))
            yield from ((name, path, problem) for path, problem in problems)
    if not benchmarks:
        yield from _foreign_files(catalogue.files, manifests)
        if not catalogue.files.remote:
            yield from (("", path, problem) for path, problem in delta.problems(Path(catalogue.files.root)))


def _each_file(catalogue: Catalogue, manifest: Manifest, shown: Any) -> Problems:
    for table, file in _files(manifest):
        yield from ((file.path, problem) for problem in _file_problems(catalogue.files, table, file))
        shown.update(file.size)


def _files(manifest: Manifest) -> Iterator[tuple[Table, StoredFile]]:
    for table, files in manifest.tables.items():
        yield from ((table, file) for file in files)


def _manifest_problems(files: Files, manifest: Manifest) -> Problems:
    content = files.read(manifest.path)
    if content is not None and not is_unaltered(content):
        yield manifest.path, "the manifest was edited after it was written"


def _together_problems(files: Files, manifests: list[Manifest]) -> Problems:
    """Compare the files of a benchmark and its attachments with each other."""
    named = [file.path for manifest in manifests for _, file in _files(manifest)]
    for path in {path for path in named if named.count(path) > 1} if len(manifests) > 1 else ():
        yield path, "several manifests name this file"
    folders = [table_folder(table, manifests[0].benchmark) for table in TABLES]
    present = (path for folder in folders for path in files.below(folder))
    yield from ((path, "no manifest names this file") for path in sorted(set(present) - set(named)))
    for table, key in _KEYS.items():
        parts: dict[str, list[str]] = {}
        for path in sorted(set(named)):
            if path.startswith(f"{table}/"):
                parts.setdefault(path.rpartition("/")[0], []).append(path)
        for folder, paths in parts.items():
            keys = pl.concat([scan_plain(files, [path]).select(key) for path in paths])
            yield from ((paths[0] if len(paths) == 1 else folder, problem) for problem in _duplicates(keys, key))
    yield from (("archs", problem) for problem in _arch_problems(files, manifests))
    for manifest in manifests:
        yield from ((manifest.path, problem) for problem in _contents_problems(files, manifest))


def _contents_problems(files: Files, manifest: Manifest) -> Iterator[str]:
    """Compare the manifest's table of contents with the rows."""
    parts = []
    for file in manifest.tables["results"] if manifest.contents else ():
        contents = Contents()
        parts.append((Partition.of_path(file.path), contents))
        for part in scan_plain(files, [file.path]).select(FILE_KEY).collect_batches(chunk_size=_ROWS_AT_ONCE):
            if part.height:
                contents.add({name: part[name].to_numpy() for name in FILE_KEY})
    entries = table_of_contents(parts)
    if entries != manifest.contents:
        partitions = [entry for entry in manifest.contents if entry not in entries] or entries
        yield f"the contents that the manifest lists are not those of the files, for example {partitions[0]}"


def _file_problems(files: Files, table: Table, file: StoredFile) -> Iterator[str]:
    size = files.size(file.path)
    if size is None:
        yield "the file is missing"
        return
    if size != file.size:
        yield f"the file has {size:,} bytes, the manifest says {file.size:,}"
        return
    try:
        files.check([file])
    except StoreError as error:
        yield str(error)
        return
    if (digest := files.sha256(file.path)) != file.sha256:
        yield f"the content has sha256 {digest}, the manifest says {file.sha256}"
        return
    try:
        yield from _content_problems(scan_plain(files, [file.path]), table, file)
    except pl.exceptions.PolarsError as error:
        yield f"the file cannot be read as Parquet: {str(error).splitlines()[0]}"


def _content_problems(frame: pl.LazyFrame, table: Table, file: StoredFile) -> Iterator[str]:
    rows = frame.select(pl.len()).collect().item()
    if rows != file.rows:
        yield f"the file has {rows:,} rows, the manifest says {file.rows:,}"
    if table != "results":
        if missing := [name for name in _KEYS[table] if name not in frame.collect_schema()]:
            yield f"the columns {missing} are missing"
        return
    if (schema := frame.collect_schema()) != pl.Schema(RESULT_FILE):
        yield f"the columns are {dict(schema)}, but results have {RESULT_FILE}"
        return
    odd = frame.select(
        nulls=pl.any_horizontal(pl.all().is_null().any()),
        negative=pl.any_horizontal((pl.col(FILE_KEY) < 0).any()),
        final=(pl.col("final") != file.path.rsplit("/", 1)[1].startswith("final")).sum(),
    ).collect()
    if odd["nulls"].item():
        yield "there are null values"
    if odd["negative"].item():
        yield "there are negative architectures, schedules, budgets or seeds"
    if odd["final"].item():
        yield f"{odd['final'].item():,} rows are in the wrong file: final ones among curves, or the reverse"


def _duplicates(frame: pl.LazyFrame, key: list[str]) -> Iterator[str]:
    twice = frame.group_by(key).len().filter(pl.col("len") > 1).drop("len").sort(key).collect()
    if twice.height:
        examples = ", ".join(str(row) for row in twice.head(_SHOWN).iter_rows(named=True))
        yield f"{twice.height:,} keys occur more than once, for example {examples}"


def _foreign_files(files: Files, benchmarks: dict[str, list[Manifest]]) -> Iterator[tuple[str, str, str]]:
    """Files that belong to no benchmark: anything but Parquet below the table folders breaks scans of whole folders."""
    for table in TABLES:
        for path in files.below(table):
            if path.startswith(f"{delta.LOG}/"):
                continue
            owner = path.split("/")[1].removeprefix("benchmark=")
            if owner not in benchmarks:
                yield owner if "benchmark=" in path else "", path, "no manifest names this file"
    for path in files.below("manifests"):
        name = path.removeprefix("manifests/")
        if manifest_owner(name) is None and name not in _LITTER:
            yield "", path, "this is not the name of a manifest"


def _arch_problems(files: Files, manifests: list[Manifest]) -> Iterator[str]:
    """Compare the architectures of results and archs, and nb101's cells with the published numbers."""
    base = manifests[0]
    if not base.tables.get("archs"):
        return
    archs = scan_plain(files, [file.path for file in base.tables["archs"]])
    known = archs.select("arch").collect()
    paths = [file.path for manifest in manifests for file in manifest.tables["results"]]
    unknown = scan_plain(files, paths).select("arch").unique().collect().join(known, on="arch", how="anti")
    if unknown.height:
        yield f"{unknown.height:,} architectures have results but no row in archs, for example {unknown.row(0)[0]}"
    if base.benchmark == "nb101" and base.official:
        surplus = {v: n for v, n in _by_vertices(files, base).items() if n > _CELLS_BY_VERTICES.get(v, 0)}
        if surplus:
            yield f"more cells than the space has, by vertices: {surplus}; the space has {_CELLS_BY_VERTICES}"


def coverage(catalogue: Catalogue, *benchmarks: str) -> pl.DataFrame:
    """Count the architectures of a store, against the published spaces where these are finite.

    Returns
    -------
    DataFrame
        ``benchmark``, ``part`` (number of vertices for nb101, else ``all``), ``archs`` in the store, ``space`` published.
    """
    rows: list[tuple[str, str, int, int | None]] = []
    for name in benchmarks or catalogue.benchmarks():
        manifest = catalogue.manifest(name)
        if name == "nb101" and manifest.official:
            counts = _by_vertices(catalogue.files, manifest)
            rows += [(name, f"{v} vertices", counts.get(v, 0), n) for v, n in _CELLS_BY_VERTICES.items()]
        else:
            rows.append((name, "all", manifest.rows("archs"), _space_size(name) if manifest.official else None))
    schema = {"benchmark": pl.String, "part": pl.String, "archs": pl.Int64, "space": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _space_size(name: str) -> int | None:
    from nbframes.spaces import of_benchmark

    space = of_benchmark(name)
    size = None if space is None else space.SIZE
    return size if size is not None and size < _WHOLE else None


def missing_cells(catalogue: Catalogue, *, progress: bool = False) -> pl.DataFrame:
    """Enumerate the search space of NAS-Bench-101 and list the cells that the store lacks.

    Returns
    -------
    DataFrame
        Text form, hash and encoding of every missing cell.
    """
    from nbframes.spaces import nb101

    paths = [file.path for file in catalogue.manifest("nb101").tables.get("archs", [])]
    hashes = scan_plain(catalogue.files, paths).select("hash").collect().to_series()
    return nb101.missing(hashes, progress=progress)


def _by_vertices(files: Files, manifest: Manifest) -> dict[int, int]:
    archs = scan_plain(files, [file.path for file in manifest.tables["archs"]])
    return dict(archs.group_by(pl.col("vertices").cast(pl.Int64)).len().collect().iter_rows())
