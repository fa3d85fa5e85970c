"""The records of a benchmark that is one pickle, in the order of its index and checked against it."""

from __future__ import annotations

import reprlib
import tempfile
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from nbframes.errors import SourceError, listed
from nbframes.export.containers import pickles
from nbframes.export.nats.arch_order import Ordered
from nbframes.export.nats.names import gaps
from nbframes.export.nats.record import NATS, Dialect, Record, checked_counts, flatten
from nbframes.export.nats.stream import RecordMachine
from nbframes.export.nats.work import note_oddities
from nbframes.export.skipping import reason_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import BinaryIO

    from nbframes.export.findings import Findings
    from nbframes.export.skipping import SkipPolicy

_ARCHS_A_BATCH: Final = 64
_KEYS: Final = {"meta_archs", "total_archs", "basestr", "arch2infos", "evaluated_indexes"}
_INCOMPLETE: Final = "export what is there with on_error='skip'"


class Records:
    """The architectures of a pickled benchmark, checked against its own index.

    Parameters
    ----------
    where
        File, for messages.
    policy
        Takes the records that are broken or missing.
    findings
        Takes what is odd about them.
    dialect
        What its records may hold.
    """

    def __init__(self, where: str, policy: SkipPolicy, findings: Findings, *, dialect: Dialect = NATS) -> None:
        self._where = where
        self._policy = policy
        self._findings = findings
        self._dialect = dialect
        self._strings: dict[int, str | None] = {}
        self.count = 0
        """Architectures that the benchmark names, known at the end."""

    def parts(self, stream: Any, **options: Any) -> Generator[list[Record]]:
        """Records in ascending order, some at a time; ``options`` go to `nbframes.export.containers.pickles.stream_items`.

        Upstream merged some files in the order of a Python set: what comes too early waits in a temporary file.
        """
        records = self._in_order(stream, options)
        while part := list(islice(records, _ARCHS_A_BATCH)):
            yield part

    def _in_order(self, stream: Any, options: dict[str, Any]) -> Iterator[Record]:
        unread = options.pop("unread", None)
        self._machine = RecordMachine(stream.read, self._where, dialect=self._dialect, **options)
        items = pickles.items_of(self._machine, stream, self._where, unread)
        with tempfile.TemporaryFile(prefix="nbframes-") as file:
            ordered = Ordered(cast("BinaryIO", file))
            while True:
                try:
                    item = next(items)
                except StopIteration as end:
                    rest = end.value
                    break
                if self._is_index(item.key):
                    yield from ordered.take(item.key, self._record(item.key, item.value))
            self._check_rest(rest)
            yield from ordered.rest()

    def _is_index(self, key: Any) -> bool:
        """Whether a key is an index that has not been met; any other record is left out."""
        if type(key) is int and key >= 0 and key not in self._strings:
            return True
        self._policy.leave_out(f"architecture {key!r}", "it is not the index of an architecture, or occurs twice")
        return False

    def _record(self, key: int, value: Any) -> Record | None:
        where = f"architecture {key}"
        try:
            record = (
                checked_counts(value, where)
                if isinstance(value, Record)
                else flatten(value, where, arch=key, dialect=self._dialect)
            )
        except Exception as error:  # noqa: BLE001  whatever a hostile record breaks is a reason to leave it out
            self._policy.leave_out(where, reason_of(error))
            self._strings[key] = None
            return None
        if record is not value:
            self._machine.learn(record)
        self._strings[key] = record.arch_str
        note_oddities(record, where, self._findings)
        return record

    def _check_rest(self, rest: Any) -> None:
        if not isinstance(rest, dict) or "meta_archs" not in rest:
            found = listed(rest) if isinstance(rest, dict) else type(rest).__name__
            self._fail(f"the pickle should hold 'meta_archs' and 'arch2infos', but holds {found}")
        meta = rest["meta_archs"]
        if type(meta) is not list or not all(type(text) is str for text in meta):
            self._fail("meta_archs is not a list of architecture strings")
        self.count = len(meta)
        self._note_rest(rest)
        for arch, text in self._strings.items():
            if arch >= len(meta) or (text is not None and text != meta[arch]):
                self._fail(f"the record of architecture {arch} is of {text!r}, which is not what meta_archs has there")
        absent = [arch for arch in range(self.count) if arch not in self._strings]
        for span, reason in gaps(absent, self.count):
            record = (
                f"architecture {span[0]}"
                if len(span) == 1
                else f"architectures {span[0]} ... {span[-1]} ({len(span):,})"
            )
            self._policy.leave_out(record, reason, hint=_INCOMPLETE)

    def _note_rest(self, rest: dict[Any, Any]) -> None:
        """Note what the top level says otherwise than the published files."""
        for key in rest.keys() - _KEYS:
            self._findings.note(f"the unknown key {key!r}, not exported", reprlib.repr(rest[key]))
        total = rest.get("total_archs", self.count)
        if type(total) is not int or total != self.count:
            self._findings.note("total_archs is not the number of meta_archs", f"{total!r}, not {self.count:,}")
        named = rest.get("evaluated_indexes", ())
        plain = isinstance(named, set | frozenset | list | tuple) and all(type(index) is int for index in named)
        if not plain or set(named) - {*self._strings}:
            what = "evaluated_indexes is not among the architectures that are there"
            self._findings.note(what, reprlib.repr(named))

    def _fail(self, reason: str) -> None:
        msg = f"{self._where}: {reason}"
        raise SourceError(msg)
