"""One export from beginning to end: recognise the source, read it, write it, commit it."""

from __future__ import annotations

import os
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

from nbframes import benchmarks
from nbframes.errors import FindingsWarning, InvalidArgumentError, SourceError, UnknownNameError
from nbframes.schema import SYNTHETIC_NOTE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from nbframes.export.limits import Limits
    from nbframes.export.reader import Batch, OnError, Reader, Report
    from nbframes.store.manifest import Manifest
    from nbframes.store.writer import BenchmarkWriter


def export(
    source: str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    *,
    benchmark: str | None = None,
    jobs: int | None = None,
    progress: bool = True,
    overwrite: bool = False,
    on_error: OnError = "raise",
    strict: bool = False,
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
    strict
        Whether findings stop the export: unknown keys, other constants than published, values that cannot be what they are
        called. Without it they are counted and listed in the manifest, and a summary is a `nbframes.errors.FindingsWarning`.
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
        If the source is absent, of a foreign format, truncated or corrupt; with ``strict``, if there is a finding.
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

    from nbframes.display.progress import bar
    from nbframes.export.formats import detect
    from nbframes.export.limits import limited
    from nbframes.export.net import told
    from nbframes.store import local_root
    from nbframes.store.writer import BenchmarkWriter

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
        writer = BenchmarkWriter(root, reader.benchmark, overwrite=overwrite)
        with writer, bar(f"export {reader.benchmark}", total=reader.total, unit=reader.unit, show=progress) as shown:
            with closing(_told_batches(reader, path, _job_count(jobs), on_error)) as batches:
                _write(batches, reader.report, writer, shown)
            return _commit(reader.report, path, writer, strict=strict)


def _write(batches: Iterable[Batch], report: Report, writer: BenchmarkWriter, shown: Any) -> None:
    from nbframes.export.plausibility import examine

    for batch in batches:
        for rows in batch.rows:
            examine(rows, report.findings)
            columns = {name: getattr(rows, name) for name in ("arch", "schedule", "budget", "seed", "value")}
            writer.append(rows.partition, columns, final=rows.final)
        writer.add("archs", batch.archs)
        writer.add("runs", batch.runs)
        report.archs += batch.archs.height
        shown.update(batch.progress)


def _commit(report: Report, source: Path, writer: BenchmarkWriter, *, strict: bool) -> Manifest:
    from nbframes.export.unicode import storable

    if not report.archs:
        first = "".join(f"; the first, {entry['record']}: {entry['reason']}" for entry in report.skipped[:1])
        msg = f"{source}: it holds no record that can be exported{first}"
        raise SourceError(msg)
    if report.findings and strict:
        found = "\n".join(f"- {line}" for line in report.findings.lines())
        msg = f"{source}: not as published\n{found}\n\nHint: without strict=True it is exported all the same, and the manifest lists this"
        raise SourceError(msg)
    synthetic = any((folder / SYNTHETIC_NOTE).exists() for folder in (source, source.parent))
    known = None if synthetic else benchmarks.find(writer.benchmark)
    manifest = writer.commit(
        version=report.version,
        official=not synthetic,
        synthetic=synthetic,
        source=storable({"name": source.name, "files": report.files}),
        licence=known.licence if known else "",
        citation=known.citation if known else "",
        skipped=report.skipped,
        not_exported=report.not_exported,
        findings=storable(report.findings.listed()),
        notes=storable(report.notes),
    )
    if report.findings:
        found = "\n".join(f"- {line}" for line in report.findings.lines())
        text = f"{source.name} is exported, but not as published:\n{found}"
        warnings.warn(text, FindingsWarning, stacklevel=3)
    return manifest


def _told_batches(reader: Reader, source: Path, jobs: int, on_error: OnError) -> Generator[Batch]:
    """Batches of a reader; what the reader did not foresee is an error in words."""
    from nbframes.export.net import told

    with told(source), closing(reader.batches(jobs=jobs, on_error=on_error)) as batches:
        yield from batches


def _job_count(jobs: int | None) -> int:
    from nbframes.export.workers import cores

    if jobs is None:
        return cores()
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        msg = f"jobs is a number of processes, 1 or more, not {jobs!r}"
        raise InvalidArgumentError(msg)
    return jobs
