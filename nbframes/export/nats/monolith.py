"""NATS-Bench as one pickle of all architectures: 30 GB of Python objects, read as a stream."""

from __future__ import annotations

import tempfile
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from nbframes.errors import InvalidArchitectureError, SourceError, listed
from nbframes.export.arch_order import Ordered
from nbframes.export.containers import pickles
from nbframes.export.containers.bz2_source import Stream
from nbframes.export.nats import ranges, space_of, version_of
from nbframes.export.nats.record import NATS, NOT_EXPORTED, Dialect, Record, flatten
from nbframes.export.nats.tables import arch_frame, batch
from nbframes.export.reader import Batch, Report

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from types import ModuleType
    from typing import BinaryIO

    from nbframes.export.reader import OnError

_ARCHS_A_BATCH: Final = 64
_KEYS: Final = {"meta_archs", "total_archs", "arch2infos", "evaluated_indexes"}


class MonolithReader:
    """Reads ``{"meta_archs", "total_archs", "arch2infos": {index: {hp: state}}, "evaluated_indexes"}``, bz2 or plain.

    Parameters
    ----------
    path : Path
        The file.
    strings : sequence of str
        At least one of its architecture strings: they tell the search space.
    """

    unit = "B"

    def __init__(self, path: Path, strings: list[str]) -> None:
        self.path = path
        self.benchmark, self._space = space_of(strings, str(path))
        self.total = path.stat().st_size
        self.report = Report(version_of(path, self.benchmark), not_exported=list(NOT_EXPORTED))
        self.report.notes["format"] = "NATS-Bench, one pickle of all architectures"

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch, None, None]:  # noqa: ARG002 -- one stream, one reader
        """Read the source once; see `nbframes.export.reader.Reader`."""
        shown = 0
        with Stream(self.path) as stream:
            records = Records(str(self.path), on_error, self.report)
            for part in records.parts(stream):
                yield batch(part, self._archs(part), stream.position - shown)
                shown = stream.position
            stream.exhaust()
            self.report.files = [stream.file()]
            self.report.notes["architectures"] = records.count

    def _archs(self, part: list[Record]) -> Any:
        return checked_arch_frame(part, self._space, str(self.path))


def checked_arch_frame(part: list[Record], space: ModuleType, where: str) -> Any:
    """Table ``archs`` of records.

    Raises
    ------
    SourceError
        If one of their strings is not of the space.
    """
    try:
        return arch_frame([record.arch for record in part], [record.arch_str for record in part], space)
    except InvalidArchitectureError as error:
        msg = f"{where}: {error}"
        raise SourceError(msg) from error


class Records:
    """The architectures of a pickled benchmark, checked against its own index.

    Parameters
    ----------
    where
        File, for messages.
    on_error
        Whether a broken or missing record stops the reading or is left out.
    report
        Takes the records that were left out.
    keys
        Keys of the top-level dict.
    dialect
        What its records may hold.
    """

    def __init__(
        self,
        where: str,
        on_error: OnError,
        report: Report,
        *,
        keys: set[str] = _KEYS,
        dialect: Dialect = NATS,
    ) -> None:
        self._where = where
        self._on_error = on_error
        self._report = report
        self._keys = keys
        self._dialect = dialect
        self._strings: dict[int, str | None] = {}
        self.count = 0
        """Architectures that the benchmark names, known at the end."""

    def parts(self, stream: Any, **options: Any) -> Generator[list[Record], None, None]:
        """Records in ascending order, some at a time; ``options`` go to `nbframes.export.containers.pickles.stream_items`.

        Upstream merged some files in the order of a Python set: what comes too early waits in a temporary file.
        """
        records = self._in_order(stream, options)
        while part := list(islice(records, _ARCHS_A_BATCH)):
            yield part

    def _in_order(self, stream: Any, options: dict[str, Any]) -> Iterator[Record]:
        items = pickles.stream_items(stream, self._where, "arch2infos", numbers=True, **options)
        with tempfile.TemporaryFile(prefix="nbframes-") as file:
            ordered = Ordered(cast("BinaryIO", file))
            while True:
                try:
                    item = next(items)
                except StopIteration as end:
                    rest = end.value
                    break
                yield from ordered.take(item.key, self._record(item.key, item.value))
            self._check_rest(rest)
            yield from ordered.rest()

    def _record(self, key: Any, value: Any) -> Record | None:
        where = f"{self._where} (architecture {key!r})"
        if type(key) is not int or key < 0 or key in self._strings:
            msg = f"{where}: it is no index of an architecture, or comes twice"
            raise SourceError(msg)
        try:
            record = flatten(value, where, arch=key, dialect=self._dialect)
        except SourceError as error:
            if self._on_error == "raise":
                raise
            self._report.skipped.append({"record": f"architecture {key}", "reason": str(error)})
            self._strings[key] = None
            return None
        self._strings[key] = record.arch_str
        return record

    def _check_rest(self, rest: Any) -> None:
        if not isinstance(rest, dict) or "meta_archs" not in rest or not rest.keys() <= self._keys:
            found = listed(rest) if isinstance(rest, dict) else type(rest).__name__
            self._fail(f"the pickle should hold {listed(sorted(self._keys))}, but holds {found}")
        meta = rest["meta_archs"]
        named = type(meta) is list and all(type(text) is str for text in meta)
        if not named or rest.get("total_archs", len(meta)) != len(meta):
            self._fail("meta_archs is not the list of total_archs architecture strings")
        self.count = len(meta)
        for arch, text in self._strings.items():
            if arch >= len(meta) or (text is not None and text != meta[arch]):
                self._fail(f"the record of architecture {arch} is of {text!r}, which is not what meta_archs has there")
        evaluated = rest.get("evaluated_indexes", ())
        if not isinstance(evaluated, set | frozenset | list | tuple) or set(evaluated) - {*self._strings}:
            self._fail("evaluated_indexes names architectures that are not in arch2infos")
        self._check_missing()

    def _check_missing(self) -> None:
        missing = [arch for arch in range(self.count) if arch not in self._strings]
        if not missing:
            return
        if self._on_error == "raise":
            self._fail(
                f"{len(missing):,} of {self.count:,} architectures are missing, the first is {missing[0]}. "
                "Export what is there with on_error='skip'"
            )
        for span in ranges(missing):
            record = (
                f"architecture {span[0]}"
                if len(span) == 1
                else f"architectures {span[0]} ... {span[-1]} ({len(span):,})"
            )
            self._report.skipped.append({"record": record, "reason": "missing in the source"})

    def _fail(self, reason: str) -> None:
        msg = f"{self._where}: {reason}"
        raise SourceError(msg)
