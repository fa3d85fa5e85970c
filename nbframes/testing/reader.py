"""Whether a reader keeps what `nbframes.export.reader.Reader` promises: for people who write one."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from nbframes import benchmarks
from nbframes.errors import NBFramesError
from nbframes.export.probe import Probe
from nbframes.schema import ARCHS, FILE_KEY, RESULT_FILE, RUN_KEY, Partition, check_name, check_split

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from nbframes.export.reader import Batch, Reader, Rows

_DAMAGED: Final = 24
"""Damaged copies of the source that are tried."""
_SECONDS: Final = 30.0
"""How long a damaged copy may take beyond the time of the whole one."""
_TYPES: Final = {"arch": "int32", "schedule": "int32", "budget": "int32", "seed": "int32", "value": "float64"}


class ReaderError(AssertionError):
    """A reader does not keep the protocol; the text lists in what."""


def check_reader(reader: type[Reader], source: str | os.PathLike[str], /, *, seed: int = 0) -> pl.DataFrame:
    """Check that a reader keeps the protocol: order, types, finality, keys, damaged input, resources.

    Parameters
    ----------
    reader
        The class.
    source
        A file or folder that it reads; a small one, since it is read about thirty times.
    seed
        Seed of the damage.

    Returns
    -------
    DataFrame
        ``partition``, ``final``, ``rows`` and ``archs`` of what was read, sorted.

    Raises
    ------
    ReaderError
        If it does not keep the protocol; every finding is listed.

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> from nbframes import testing
    >>> from nbframes.export.nats.reader import READERS
    >>> folder = tempfile.TemporaryDirectory()
    >>> source = nbf.synthetic.write(folder.name, "nats-sss")["nats-sss"]
    >>> reader = next(r for r in READERS if r.recognises(Probe(source)))
    >>> testing.check_reader(reader, source)["rows"].sum() > 0
    True
    >>> folder.cleanup()
    """
    path = Path(source)
    findings: list[str] = []
    _check_face(reader, path, findings)
    if findings:
        raise ReaderError(_told(reader, findings))
    start = time.monotonic()
    batches = _read(reader, path, "raise")
    allowed = time.monotonic() - start + _SECONDS
    rows = _rows_of(batches)
    _check_batches(batches, rows, findings)
    if not _rows_of(_read(reader, path, "raise", jobs=2)).equals(rows):
        findings.append("the rows differ between jobs=1 and jobs=2")
    _check_early_end(reader, path, findings)
    _check_store(reader, path, rows, findings)
    findings += _damage(reader, path, rows, allowed, seed)
    if findings:
        raise ReaderError(_told(reader, findings))
    keys = ["partition", "final"]
    return rows.group_by(keys).agg(rows=pl.len(), archs=pl.col("arch").n_unique()).sort(keys)


def _told(reader: type[Reader], findings: list[str]) -> str:
    lines = "\n".join(f"- {finding}" for finding in dict.fromkeys(findings))
    return f"{reader.__name__} does not keep the protocol of readers:\n{lines}"


def _check_face(reader: type[Reader], path: Path, findings: list[str]) -> None:
    """What the class says of itself, and whether it knows its own source and no other."""
    if not isinstance(getattr(reader, "accepts", None), str):
        findings.append("accepts: it should say in words which sources it reads")
    if not reader.recognises(Probe(path)):
        findings.append(f"recognises: it does not recognise {path.name}")
        return
    made = reader(Probe(path))
    if benchmarks.find(made.benchmark) is None:
        findings.append(f"benchmark: {made.benchmark!r} is not registered; see nbframes.register")
    if not isinstance(made.total, int) or made.total < 1 or not made.unit:
        findings.append(f"total and unit: {made.total!r} of {made.unit!r} is not a number of units of progress")
    with tempfile.TemporaryDirectory() as name:
        for foreign in _foreign(Path(name)):
            try:
                if reader.recognises(Probe(foreign)):
                    findings.append(f"recognises: it takes {foreign.name} for its own")
            except NBFramesError:
                continue
            except Exception as error:  # noqa: BLE001 -- that is what is looked for
                findings.append(f"recognises: {type(error).__name__} escaped on {foreign.name}")


def _foreign(folder: Path) -> Iterator[Path]:
    contents = {
        "empty": b"",
        "zeros": bytes(4096),
        "json": b'{"a": [1, 2]}',
        "pickle": b"\x80\x04}.",
        "zip": b"PK\x03\x04" + bytes(60),
        "bz2": b"BZh9" + bytes(60),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield folder / name
    (folder / "folder").mkdir()
    yield folder / "folder"


def _read(reader: type[Reader], path: Path, on_error: Any, jobs: int = 1) -> list[Batch]:
    made = reader(Probe(path))
    with closing(made.batches(jobs=jobs, on_error=on_error)) as batches:
        return list(batches)


def _rows_of(batches: list[Batch]) -> pl.DataFrame:
    """All rows of a reading, in the order in which they came."""
    frames = [
        pl.DataFrame({name: getattr(rows, name) for name in (*FILE_KEY, "value")}).with_columns(
            partition=pl.lit("/".join(rows.partition)), final=pl.lit(rows.final)
        )
        for batch in batches
        for rows in batch.rows
    ]
    empty = pl.DataFrame(schema={**RESULT_FILE, "partition": pl.String()}).select(
        *FILE_KEY, "value", "partition", "final"
    )
    return pl.concat([empty, *frames], how="vertical_relaxed")


def _check_batches(batches: list[Batch], rows_read: pl.DataFrame, findings: list[str]) -> None:
    last: dict[tuple[Partition, bool], int] = {}
    for batch in batches:
        for rows in batch.rows:
            _check_rows(rows, findings)
            if not len(rows.arch):
                continue
            before = last.get((rows.partition, rows.final), -1)
            if rows.arch.min() <= before:
                findings.append(
                    f"order: arch {rows.arch.min()} of {rows.partition} comes in a later batch than {before}"
                )
            last[rows.partition, rows.final] = int(rows.arch.max())
    _check_sides(batches, rows_read, findings)
    _check_finality(rows_read, findings)


def _check_rows(rows: Rows, findings: list[str]) -> None:
    columns = {name: getattr(rows, name) for name in _TYPES}
    for name, column in columns.items():
        if not isinstance(column, np.ndarray) or column.dtype != _TYPES[name]:
            findings.append(
                f"types: {name} of {rows.partition} is {getattr(column, 'dtype', type(column))}, not {_TYPES[name]}"
            )
    if len({len(column) for column in columns.values()}) > 1:
        findings.append(f"types: the columns of {rows.partition} differ in length")
        return
    for kind, name in (("metric", rows.partition.metric), ("dataset", rows.partition.dataset)):
        _noted(lambda kind=kind, name=name: check_name(kind, name), findings)  # type: ignore[misc]
    _noted(lambda: check_split(rows.partition.split), findings)
    keys = pl.DataFrame({name: columns[name] for name in FILE_KEY})
    if not keys.equals(keys.sort(FILE_KEY)):
        findings.append(f"order: the rows of {rows.partition} are not sorted by {', '.join(FILE_KEY)}")
    if keys.is_duplicated().any():
        findings.append(
            f"keys: {rows.partition} has a key twice, {keys.filter(keys.is_duplicated()).row(0, named=True)}"
        )
    if keys.height and (
        keys.min().min_horizontal().item() < 0
        or ((keys["schedule"] > 0).any() and (keys["budget"] > keys["schedule"]).any())
    ):
        findings.append(f"keys: {rows.partition} has negative keys or budgets beyond the schedule")


def _noted(check: Callable[[], object], findings: list[str]) -> None:
    try:
        check()
    except NBFramesError as error:
        findings.append(str(error).split("\n", 1)[0])


def _check_sides(batches: list[Batch], rows: pl.DataFrame, findings: list[str]) -> None:
    archs = pl.concat([batch.archs for batch in batches], how="diagonal_relaxed") if batches else pl.DataFrame()
    if missing := [name for name in ARCHS if name not in archs.columns]:
        findings.append(f"archs: it lacks {missing}")
        return
    if archs["arch"].is_duplicated().any():
        findings.append("archs: an architecture has two rows")
    if absent := set(rows["arch"].to_list()) - set(archs["arch"].to_list()):
        findings.append(f"archs: {len(absent)} architectures with results have no row, such as {min(absent)}")
    runs = [batch.runs for batch in batches if batch.runs.width]
    whole = pl.concat(runs, how="diagonal_relaxed") if runs else pl.DataFrame()
    if whole.width and (missing := [name for name in RUN_KEY if name not in whole.columns]):
        findings.append(f"runs: they lack {missing}")
    elif whole.width and whole.select(RUN_KEY).is_duplicated().any():
        findings.append("runs: a run has two rows")


def _check_finality(rows: pl.DataFrame, findings: list[str]) -> None:
    run = ["partition", "arch", "schedule", "seed"]
    last = rows.group_by(run).agg(
        finals=pl.col("final").sum(),
        late=pl.col("budget").filter("final").max() < pl.col("budget").max(),
    )
    if (last["finals"] > 1).any():
        findings.append(f"finality: a run has two final values, {last.filter(pl.col('finals') > 1).row(0, named=True)}")
    if last["late"].any():
        findings.append(f"finality: a value comes after the final one, {last.filter('late').row(0, named=True)}")


def _check_early_end(reader: type[Reader], path: Path, findings: list[str]) -> None:
    """Whether leaving the generator in the middle ends what it started."""
    import multiprocessing

    made = reader(Probe(path))
    batches = made.batches(jobs=2, on_error="raise")
    next(batches, None)
    batches.close()
    deadline = time.monotonic() + 5
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.05)
    if children := multiprocessing.active_children():
        findings.append(f"resources: {len(children)} processes live on after the generator was closed")


def _check_store(reader: type[Reader], path: Path, rows: pl.DataFrame, findings: list[str]) -> None:
    """Whether an export gives a sound store with exactly these rows."""
    from nbframes.export import export
    from nbframes.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        try:
            manifest = export(path, folder, benchmark=reader(Probe(path)).benchmark, progress=False, jobs=1)
            store = open_store(folder)
            written = store.scan(manifest.benchmark).collect()
        except NBFramesError as error:
            findings.append(f"export: {error}")
            return
        partition = pl.concat_str(pl.col("metric", "dataset", "split").cast(pl.String), separator="/")
        order = ["partition", "final", *FILE_KEY]
        found = written.with_columns(partition=partition).select(*FILE_KEY, "value", "partition", "final").sort(order)
        if not found.equals(rows.sort(order)):
            findings.append("export: the store does not hold the rows that the reader gave")
        if (problems := store.verify(manifest.benchmark)).height:
            findings.append(f"export: the store is not sound: {problems.rows(named=True)}")


def _damage(reader: type[Reader], path: Path, rows: pl.DataFrame, allowed: float, seed: int) -> Iterator[str]:
    """Whether damaged copies end in errors of nbframes, in time, and never give rows that are not there."""
    rng = np.random.default_rng(seed)
    known = set(rows["partition"].unique().to_list())
    for k in range(_DAMAGED):
        with tempfile.TemporaryDirectory() as folder:
            what, copy = _damaged(path, Path(folder), rng)
            start = time.monotonic()
            try:
                if not reader.recognises(Probe(copy)):
                    continue
                found = _rows_of(_read(reader, copy, "skip" if k % 2 else "raise"))
                if what == "cut" and (strange := set(found["partition"].unique().to_list()) - known):
                    yield f"damage: a source that was cut off gave rows of {min(strange)}"
                if what == "cut" and found.height > rows.height:
                    yield "damage: a source that was cut off gave more rows than the whole one"
            except NBFramesError:
                pass
            except Exception as error:  # noqa: BLE001 -- that is what is looked for
                yield f"damage: {type(error).__name__} escaped ({error})"
            if time.monotonic() - start > allowed:
                yield f"damage: a source that was {what} took more than {allowed:.0f} s"


def _damaged(path: Path, folder: Path, rng: np.random.Generator) -> tuple[str, Path]:
    copy = folder / path.name
    if path.is_dir():
        shutil.copytree(path, copy)
        files = sorted(file for file in copy.rglob("*") if file.is_file())
        victim = files[rng.integers(len(files))]
    else:
        shutil.copy(path, copy)
        victim = copy
    victim.chmod(0o644)
    content = bytearray(victim.read_bytes())
    if rng.random() < 0.5 or not content:
        victim.write_bytes(content[: rng.integers(len(content) + 1)])
        return "cut", copy
    for position in rng.integers(len(content), size=rng.integers(1, 9)):
        content[position] ^= 1 << rng.integers(8)
    victim.write_bytes(content)
    return "changed", copy
