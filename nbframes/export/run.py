"""One export from beginning to end: recognise the source, read it, write it, commit it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nbframes import benchmarks
from nbframes.errors import InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from nbframes.export.reader import OnError, Reader
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
        in the manifest.

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
    from nbframes.store import local_root

    if benchmark is not None:
        benchmark = benchmarks.get(benchmark).name
    if on_error not in ("raise", "skip"):
        raise UnknownNameError.of("on_error", on_error, ("raise", "skip"))
    if not isinstance(source, (str, os.PathLike)):
        msg = f"source is the path of an upstream file or folder, not {source!r}"
        raise InvalidArgumentError(msg)
    root = local_root(store, "export to")
    reader = detect(Path(source).expanduser(), benchmark)
    return _write(reader, root, jobs=_job_count(jobs), progress=progress, overwrite=overwrite, on_error=on_error)


def _write(reader: Reader, root: Path, *, jobs: int, progress: bool, overwrite: bool, on_error: OnError) -> Manifest:
    from contextlib import closing

    from nbframes.progress import bar
    from nbframes.store.writer import BenchmarkWriter

    with (
        BenchmarkWriter(root, reader.benchmark, overwrite=overwrite) as writer,
        bar(f"export {reader.benchmark}", total=reader.total, unit=reader.unit, show=progress) as shown,
        closing(reader.batches(jobs=jobs, on_error=on_error)) as batches,
    ):
        for batch in batches:
            for rows in batch.rows:
                columns = {name: getattr(rows, name) for name in ("arch", "schedule", "budget", "seed", "value")}
                writer.append(rows.partition, columns, final=rows.final)
            writer.add("archs", batch.archs)
            writer.add("runs", batch.runs)
            shown.update(batch.progress)
        report = reader.report
        return writer.commit(
            version=report.version,
            official=True,
            source={"name": reader.path.name, "files": report.files},
            skipped=report.skipped,
            not_exported=report.not_exported,
            notes=report.notes,
        )


def _job_count(jobs: int | None) -> int:
    if jobs is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        msg = f"jobs is a number of processes, 1 or more, not {jobs!r}"
        raise InvalidArgumentError(msg)
    return jobs
