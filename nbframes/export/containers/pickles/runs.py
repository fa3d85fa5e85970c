"""Runs of numbers inside a pickle: recognised at an opcode boundary and read as arrays in one step.

A dict ``{epoch: float}`` or ``{"set@epoch": float}`` is pickled as a regular run of opcodes. Where such a run begins, everything up
to its end is what the opcode loop would have executed one by one; here it is taken at once.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbframes.export.containers.pickles.globals import ATOMS, checked_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from numpy.typing import NDArray


class Run(NamedTuple):
    """Keys and values that stand for ``k0, v0, k1, v1, ...`` on the stack."""

    keys: tuple[Hashable, ...]
    values: NDArray[np.float64]

    def items(self) -> Iterable[tuple[Hashable, float]]:
        """The pairs, as Python floats."""
        return zip(self.keys, self.values.tolist(), strict=True)


class NumberDict(dict[Any, Any]):
    """A dict whose runs of numbers stay arrays until they are asked for one by one.

    Use `numbers` for the arrays or `settled` for the plain dict; until `settled`, the runs are not among the dict's own items.
    """

    __slots__ = ("runs",)

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []

    def take(self, items: list[Any]) -> None:
        """Add what stood on the stack between MARK and SETITEMS."""
        if not items:
            return  # picklers end a dict of exactly 1000 items with an empty batch
        if not self and (run := _joined(items)) is not None:
            self.runs.append(run)
            return
        self.settled()
        self.update(paired(items))

    def settled(self) -> NumberDict:
        """Itself, with its runs among its items."""
        for run in self.runs:
            self.update(run.items())
        self.runs.clear()
        return self

    def numbers(self) -> Run | None:
        """All items as one run, if there are no others."""
        if self or not self.runs:
            return None
        if len(self.runs) == 1:
            return self.runs[0]
        keys = tuple(chain.from_iterable(run.keys for run in self.runs))
        return Run(keys, np.concatenate([run.values for run in self.runs]))


def paired(items: list[Any]) -> Iterable[tuple[Any, Any]]:
    """Pairs of the stack's alternating keys and values, runs included."""
    loose = expanded(items)
    return zip(loose[::2], loose[1::2], strict=True)


def expanded(items: list[Any]) -> list[Any]:
    """The stack's items with every run written out."""
    if not any(type(item) is Run for item in items):
        return items
    return list(
        chain.from_iterable(chain.from_iterable(item.items()) if type(item) is Run else (item,) for item in items)
    )


def _joined(items: list[Any]) -> Run | None:
    """One run for all items, if all of them are runs or pairs of a key and a float (a frame boundary splits runs so)."""
    if len(items) == 1 and type(items[0]) is Run:
        return items[0]
    keys: list[Hashable] = []
    values: list[NDArray[np.float64] | list[float]] = []
    loose = iter(items)
    for item in loose:
        if type(item) is Run:
            keys.extend(item.keys)
            values.append(item.values)
        elif type(value := next(loose, None)) is float and (type(item) is str or type(item) is int):
            keys.append(item)
            values.append([value])
        else:
            return None
    return Run(tuple(keys), np.concatenate(values)) if values else None


_INTS_1 = re.compile(rb"(?:K.G.{8})+", re.DOTALL)
_INTS_2 = re.compile(rb"(?:M..G.{8})+", re.DOTALL)
_REFS_1 = re.compile(rb"(?:h.G.{8})+", re.DOTALL)
_REFS_4 = re.compile(rb"(?:j.{4}G.{8})+", re.DOTALL)
_FLOATS = re.compile(rb"(?:G.{8})+", re.DOTALL)

_REGULAR = {
    ord("K"): (_INTS_1, np.dtype([("op", "u1"), ("key", "u1"), ("G", "u1"), ("value", ">f8")]), False),
    ord("M"): (_INTS_2, np.dtype([("op", "u1"), ("key", "<u2"), ("G", "u1"), ("value", ">f8")]), False),
    ord("h"): (_REFS_1, np.dtype([("op", "u1"), ("key", "u1"), ("G", "u1"), ("value", ">f8")]), True),
    ord("j"): (_REFS_4, np.dtype([("op", "u1"), ("key", "<u4"), ("G", "u1"), ("value", ">f8")]), True),
}
"""First opcode of a run with keys of one length: its pattern, its layout, and whether the keys are references."""


class RegularRun(NamedTuple):
    """A run with keys of one length: numbers, or references into the memo."""

    keys: list[int]
    references: bool
    values: NDArray[np.float64]
    end: int


def regular_run(data: bytes, start: int) -> RegularRun | None:
    """Run of integer or referenced keys that begins at ``start``, if one does."""
    kind = _REGULAR.get(data[start])
    if kind is None or (match := kind[0].match(data, start)) is None:
        return None
    layout, references = kind[1], kind[2]
    items = np.frombuffer(data, layout, (match.end() - start) // layout.itemsize, start)
    return RegularRun(items["key"].tolist(), references, items["value"].astype(np.float64), match.end())


def float_run(data: bytes, start: int) -> tuple[list[float], int] | None:
    """Floats without keys that begin at ``start``, as in a list, and where they end."""
    match = _FLOATS.match(data, start)
    if match is None:
        return None
    items = np.frombuffer(data, np.dtype([("G", "u1"), ("value", ">f8")]), (match.end() - start) // 9, start)
    return items["value"].tolist(), match.end()


class TextRun(NamedTuple):
    """A run whose keys are written out, each memoised after it."""

    keys: tuple[str, ...]
    values: NDArray[np.float64]
    first: int | None
    """Memo number of the first key, where numbers are written (they count up from it)."""
    end: int


class _Template(NamedTuple):
    mask: NDArray[np.uint8]
    fixed: NDArray[np.uint8]
    floats: NDArray[np.intp]
    puts: NDArray[np.intp] | None
    keys: tuple[str, ...]


_PUT_SIZE = {0x94: 0, ord("q"): 1, ord("r"): 4}
_U4 = np.dtype("<u4")
_F8 = np.dtype(">f8")


class TextRuns:
    """Reads runs of written-out keys, and remembers them: the next run of the same keys differs in its floats only."""

    _MOST = 512

    def __init__(self) -> None:
        self._templates: dict[bytes, list[_Template]] = {}
        self._count = 0

    def read(self, data: bytes, start: int) -> TextRun | None:
        """Run of text keys, each followed by its memoisation and a float, that begins at ``start``, if one does."""
        first = _text_end(data, start)
        for template in self._templates.get(data[start:first], ()):
            end = start + len(template.fixed)
            if end >= len(data) or data[end] != ord("u"):
                continue
            view = np.frombuffer(data, np.uint8, end - start, start)
            if not np.array_equal(view & template.mask, template.fixed):
                continue
            number = None if template.puts is None else _first_number(gathered(view, template.puts, _U4))
            return TextRun(template.keys, gathered(view, template.floats, _F8), number, end)
        return self._read_one_by_one(data, start)

    def _read_one_by_one(self, data: bytes, start: int) -> TextRun | None:
        keys, floats, puts, kind, position, size = [], [], [], None, start, len(data)
        while 0 < (end := _text_end(data, position)) < size:
            kind = data[end] if kind is None else kind
            number_size = _PUT_SIZE.get(kind)
            if data[end] != kind or number_size is None:
                break
            value = end + 1 + number_size
            if value + 9 > size or data[value] != ord("G"):
                break
            keys.append(data[position + (2 if data[position] == 0x8C else 5) : end].decode("utf-8", "surrogatepass"))
            puts.append(end + 1 - start)
            floats.append(value + 1 - start)
            position = value + 9
        if not keys:
            return None
        view = np.frombuffer(data, np.uint8, position - start, start)
        where = np.array(floats, np.intp)
        number = None
        if kind == ord("q"):
            number = _first_number(view[puts])
        elif kind == ord("r"):
            number = _first_number(gathered(view, np.array(puts, np.intp), _U4))
        run = TextRun(tuple(keys), gathered(view, where, _F8), number, position)
        whole = start > 0 and data[start - 1] == ord("(")  # a run that begins behind a frame's head is the rest of one
        if whole and kind != ord("q") and position < size and data[position] == ord("u") and self._count < self._MOST:
            self._learn(
                data[start : _text_end(data, start)],
                view,
                where,
                np.array(puts, np.intp) if number is not None else None,
                run.keys,
            )
        return run

    def _learn(
        self,
        head: bytes,
        view: NDArray[np.uint8],
        floats: NDArray[np.intp],
        puts: NDArray[np.intp] | None,
        keys: tuple[str, ...],
    ) -> None:
        mask = np.full(len(view), 0xFF, np.uint8)
        mask[floats[:, None] + np.arange(8)] = 0
        if puts is not None:
            mask[puts[:, None] + np.arange(4)] = 0
        self._templates.setdefault(head, []).append(_Template(mask, view & mask, floats, puts, keys))
        self._count += 1


def _text_end(data: bytes, start: int) -> int:
    """End of the text that an opcode at ``start`` writes out, or -1."""
    if start + 5 >= len(data):
        return -1
    if data[start] == 0x8C:
        return start + 2 + data[start + 1]
    if data[start] == ord("X"):
        return start + 5 + int.from_bytes(data[start + 1 : start + 5], "little")
    return -1


def _first_number(numbers: NDArray[np.integer[Any]]) -> int:
    first = int(numbers[0])
    if not np.array_equal(numbers, np.arange(first, first + len(numbers))):
        msg = "the memo numbers of a run do not count up"
        raise ValueError(msg)
    return first


def gathered(view: NDArray[np.uint8], where: NDArray[np.intp], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Numbers of ``dtype`` that begin at the byte offsets ``where``, in native byte order."""
    windows: NDArray[Any] = np.ndarray((len(view) - dtype.itemsize + 1,), dtype, view.data, strides=(1,))
    return windows[where].astype(dtype.newbyteorder("="))


def check_keys(items: list[Any]) -> None:
    """Refuse keys that hashing may take long for, among keys and values with runs of them in between."""
    loose = [item for item in items if type(item) is not Run] if any(type(item) is Run for item in items) else items
    for key in loose[::2]:
        if type(key) not in ATOMS:
            checked_key(key)


def finished_pairs(loose: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Pairs up to what cannot be one, such as the arguments of an unfinished call."""
    for key, value in zip(loose[::2], loose[1::2], strict=False):
        try:
            checked_key(key)
        except ValueError:
            return
        yield key, value
