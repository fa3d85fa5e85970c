"""One export from beginning to end: recognise the source, read it, write it, commit it."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from nbframes import benchmarks
from nbframes.errors import InvalidArgumentError, SourceError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from nbframes.export.limits import Limits
    from nbframes.export.reader import Batch, OnError, Reader, Report
    from nbframes.store.manifest import Manifest


def export(
    source: str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    *,
    benchmark: str | None = None,
    jobs: int | None = None,
    progress: bool = True,
    overwrite: bool = False,
    on_error: OnError = "raise",
    limits: Limits | None = None,
) -> Manifest:
    """Export an upstream benchmark file or folder to a store, once and for all.

    The format and the benchmark are recognised from the content. The benchmark appears in the store complete or not at
    all: whatever interrupts the export leaves the store as it was.

    Parameters
    ----------
    source
        NATS-Bench: the ``-simple`` folder, the same as ``.tar``, or the ``.pickle.pbz2``. NAS-Bench-101: a ``.tfrecord``.
        NAS-Bench-201: a ``.pth``. NAS-Bench-301: a folder, zip or tar of run JSONs. NASBenchAPI's pickles of any of them.
    store
        Folder of the store, made if absent; by default as `nbframes.open_store` finds it.
    benchmark
        Name of the benchmark, to be sure that the source holds that one; by default whichever it holds.
    jobs
        Number of worker processes; by default all cores. The tables are the same for any number.
    progress
        Whether to show a progress bar (on a terminal or in a notebook; never on a pipe).
    overwrite
        Whether to replace the benchmark if the store has it. The old one stays until the new one is whole.
    on_error
        What a missing or broken record does: ``"raise"`` stops the export, ``"skip"`` leaves the record out and lists it
        in the manifest. An export that leaves out every record fails, whatever is set here.
    limits
        What one record may ask for, in bytes, values, nesting and the like, where a source legitimately needs more than
        `nbframes.Limits` allows.

    Returns
    -------
    Manifest
        What was written, where from, and what was left out.

    Raises
    ------
    SourceError
        If the source is absent, of a foreign format, truncated or corrupt.
    UnsafePickleError
        If a pickle names a global that is not on the allow-list; nothing of it was run.
    BenchmarkExistsError
        If the store has the benchmark and ``overwrite`` is not set.
    StoreError
        If the store cannot be written, for example because the disk is full.

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> sources = nbf.synthetic.write(folder.name, "nats-sss")
    >>> manifest = nbf.export(sources["nats-sss"], folder.name + "/store", progress=False)
    >>> manifest.benchmark, manifest.rows("archs") > 0
    ('nats-sss', True)
    >>> folder.cleanup()
    """
    from pathlib import Path

    from nbframes.export.formats import detect
    from nbframes.export.limits import limited
    from nbframes.export.net import told
    from nbframes.store import local_root

    if benchmark is not None:
        benchmark = benchmarks.get(benchmark).name
    if on_error not in ("raise", "skip"):
        raise UnknownNameError.of("on_error", on_error, ("raise", "skip"))
    if not isinstance(source, (str, os.PathLike)):
        msg = f"source is the path of an upstream file or folder, not {source!r}"
        raise InvalidArgumentError(msg)
    root, path = local_root(store, "export to"), Path(source).expanduser()
    with limited(limits):
        with told(path):
            reader = detect(path, benchmark)
        return _write(
            reader, path, root, jobs=_job_count(jobs), progress=progress, overwrite=overwrite, on_error=on_error
        )


def _write(
    reader: Reader, source: Path, root: Path, *, jobs: int, progress: bool, overwrite: bool, on_error: OnError
) -> Manifest:
    from nbframes.progress import bar
    from nbframes.store.writer import BenchmarkWriter

    archs = 0
    with (
        BenchmarkWriter(root, reader.benchmark, overwrite=overwrite) as writer,
        bar(f"export {reader.benchmark}", total=reader.total, unit=reader.unit, show=progress) as shown,
        closing(_told_batches(reader, source, jobs, on_error)) as batches,
    ):
        for batch in batches:
            for rows in batch.rows:
                columns = {name: getattr(rows, name) for name in ("arch", "schedule", "budget", "seed", "value")}
                writer.append(rows.partition, columns, final=rows.final)
            writer.add("archs", batch.archs)
            writer.add("runs", batch.runs)
            archs += batch.archs.height
            shown.update(batch.progress)
        report = reader.report
        if not archs:
            raise SourceError(_nothing_left(source, report))
        return writer.commit(
            version=report.version,
            official=True,
            source={"name": source.name, "files": report.files},
            skipped=report.skipped,
            not_exported=report.not_exported,
            notes=report.notes,
        )


def _told_batches(reader: Reader, source: Path, jobs: int, on_error: OnError) -> Generator[Batch]:
    """Batches of a reader; what the reader did not foresee is an error in words."""
    from nbframes.export.net import told

    with told(source), closing(reader.batches(jobs=jobs, on_error=on_error)) as batches:
        yield from batches


def _nothing_left(source: Path, report: Report) -> str:
    first = "".join(f"; the first, {entry['record']}: {entry['reason']}" for entry in report.skipped[:1])
    return f"{source}: it holds no record that can be exported{first}"


def _job_count(jobs: int | None) -> int:
    if jobs is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        msg = f"jobs is a number of processes, 1 or more, not {jobs!r}"
        raise InvalidArgumentError(msg)
    return jobs
