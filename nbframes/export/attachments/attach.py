"""Attaching frames, and the published tables of others straight from their files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbframes.errors import InvalidArgumentError, SourceError, UnknownNameError
from nbframes.store.attach import attach_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from nbframes.benchmarks import Metric
    from nbframes.export.attachments.conversion import Conversion, Converter
    from nbframes.store import Store
    from nbframes.store.manifest import Manifest


def attach(
    frame: pl.DataFrame | pl.LazyFrame | str | os.PathLike[str],
    store: str | os.PathLike[str] | Store | None = None,
    *,
    to: str | None = None,
    name: str | None = None,
    key: str = "arch",
    metrics: Sequence[Metric | str] | Metric | str | None = None,
    source: str = "",
    licence: str = "",
    citation: str = "",
    isomorphs: bool = False,
    overwrite: bool = False,
) -> Manifest:
    """Put what was measured on the architectures of a benchmark beside its results.

    Parameters
    ----------
    frame
        A frame, or the path of a published table: HW-NAS-Bench's pickle, a JSON of NAS-Bench-Suite-Zero, the zip or folder of
        the robustness dataset. Wide: ``key``, ``dataset`` and a column for each metric, null where it has no value; or long: ``key``, ``dataset``,
        ``metric`` and ``value``. Further keys of results may be there; where they are not, ``split`` is ``none``,
        ``schedule``, ``budget`` and ``seed`` are 0, and every value is final.
    store
        Folder of the store, by default as `nbframes.open_store` finds one that can be written.
    to
        Name of the benchmark; of a published table by default the first that the store has of those it belongs to.
    name
        Name of the attachment; of a published table by default that of the table.
    key
        Column that names the architectures: ``"arch"``, ``"arch_str"``, ``"hash"``, or any other whose values the search space
        parses, such as genotypes or the tuples of NASLib.
    metrics
        The metrics of a wide frame, by default all columns that are not keys; as `Metric`, the unit, direction and
        description of those that nbframes does not know.
    source, licence, citation
        Where the values come from, the SPDX identifier of their licence, and BibTeX.
    isomorphs
        Whether a value holds for every architecture of the same ``hash``.
    overwrite
        Whether to replace the attachment if the store has it.

    Returns
    -------
    Manifest
        What was written.

    Raises
    ------
    FrameError
        If a column is missing or no number, architectures are not those of the benchmark, a key occurs twice, or the
        benchmark or another attachment has it already.
    InvalidArgumentError
        If a metric is known with another unit or direction.
    UnknownNameError
        If the store does not have the benchmark.
    SourceError
        If a path does not lead to a published table that nbframes reads.
    BenchmarkExistsError
        If the attachment is there and ``overwrite`` is not set.

    See Also
    --------
    detach : Remove an attachment.
    with_costs : Put an attached metric beside accuracy.

    Notes
    -----
    New runs of a metric that the benchmark has (other seeds, budgets, datasets) are attached the same way. The work is
    that of the rows attached, and of the keys of the partitions that they share with others.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> rows = {"arch": [0, 1], "dataset": "mnist", "split": "test", "schedule": 5, "budget": 5, "seed": 1}
    >>> results = pl.DataFrame(rows | {"metric": "accuracy", "value": [90.0, 91.0]})
    >>> _ = nbf.write_results(results, folder.name, benchmark="mine")
    >>> board = pl.DataFrame({"arch": [0, 1], "dataset": "mnist", "board_ms": [3.5, 7.25]})
    >>> metrics = nbf.Metric("board_ms", "ms", better="min")
    >>> nbf.attach(board, folder.name, to="mine", name="board", metrics=metrics).rows()
    2
    >>> store = nbf.open_store(folder.name)
    >>> store.scan("mine").filter(nbf.metric("board_ms", known=store)).select("arch", "value").collect().rows()
    [(0, 3.5), (1, 7.25)]
    >>> folder.cleanup()
    """
    if isinstance(frame, (str, os.PathLike)):
        if metrics is not None or isomorphs or key != "arch":
            msg = "key=, metrics= and isomorphs= are for frames: a published table says them itself"
            raise InvalidArgumentError(msg)
        said = {"source": source, "licence": licence, "citation": citation}
        return _attach_file(Path(frame).expanduser(), store, to, name, overwrite=overwrite, said=said)
    if to is None or name is None:
        msg = f"to={to!r} and name={name!r} should say which benchmark the frame belongs to, and what the attachment is called"
        raise InvalidArgumentError(msg)
    return attach_frame(
        frame,
        store,
        to=to,
        name=name,
        key=key,
        metrics=metrics,
        source=source,
        licence=licence,
        citation=citation,
        isomorphs=isomorphs,
        overwrite=overwrite,
    )


def _attach_file(
    path: Path, store: Any, to: str | None, name: str | None, *, overwrite: bool, said: dict[str, str]
) -> Manifest:
    from nbframes.export.net import told

    with told(path):
        found = _converter(path).convert(path)
    return attach_frame(
        found.frame,
        store,
        to=to if to is not None else _benchmark(found, store),
        name=name if name is not None else found.name,
        key=found.key,
        metrics=found.metrics,
        source=said["source"] or path.name,
        licence=said["licence"] or found.licence,
        citation=said["citation"] or found.citation,
        isomorphs=found.isomorphs,
        overwrite=overwrite,
        version=found.name,
        files=_files(path),
        not_exported=found.not_exported,
        notes=found.notes | ({"left out": found.left_out} if found.left_out else {}),
    )


def _converter(path: Path) -> Converter:
    from nbframes.export.attachments import hw_nas_bench, robustness, zero_cost
    from nbframes.export.probe import Probe

    probe = Probe(path)
    converters: list[Any] = [hw_nas_bench, zero_cost, robustness]
    for converter in converters:
        if converter.recognises(probe):
            found: Converter = converter
            return found
    known = "\n".join(f"- {converter.TITLE}: {converter.FILES}" for converter in converters)
    msg = (
        f"{path}, {probe.describe()}, is not a published table that nbframes reads\n\nIt reads\n{known}\n\n"
        "Hint: describe a CSV or Parquet table in a TOML, `nbframes import --template` writes one to fill in; "
        "export files of whole benchmarks"
    )
    raise SourceError(msg)


def _benchmark(found: Conversion, store: Any) -> str:
    """The first benchmark of the store among those that a table belongs to."""
    from nbframes.store import Store, local_root

    present = Store(local_root(store, "attach to")).benchmarks()
    for name in found.to:
        if name in present:
            return name
    raise UnknownNameError.of("benchmark", found.to[0], present, f"the table belongs to {' or '.join(found.to)}")


def _files(path: Path) -> list[dict[str, Any]]:
    from nbframes.store.storage import file_sha256

    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [
        {
            "path": file.relative_to(path).as_posix() if path.is_dir() else file.name,
            "size": file.stat().st_size,
            "sha256": file_sha256(file),
        }
        for file in files
    ]
