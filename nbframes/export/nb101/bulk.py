"""Many NAS-Bench-101 records at once: what differs from record to record are numbers at fixed places.

A record that is read carefully teaches a `_Layout`: the JSON around its numbers, the structure of its protobuf
message, where the numbers stand. All records of the same layout are then decoded together; a record that fits no
layout, or holds a number that needs a second look, is read carefully itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import SourceError
from nbframes.export.containers.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields
from nbframes.export.nb101.record import (
    ACCURACIES,
    EPOCHS,
    VALUES,
    Metrics,
    Row,
    decode_base64,
    parse_metrics,
    parse_row,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]

HASH = slice(2, 34)
"""Where the module hash stands in a payload of the official form."""
SEPARATOR = b'", "'
"""What stands between adjacency, operations and metrics in a payload of the official form."""

_OPENING = b'["'
_CLOSING = b'"]'
_BREAK = b"\\n"
_LAYOUTS = 32
_HEADS = {epochs: f'", {epochs}, "'.encode() for epochs in EPOCHS}
"""What stands between hash and cell in a payload of the official form."""
_LONGEST_HEAD = max(map(len, _HEADS.values()))
_ALPHABET = np.isin(np.arange(256), list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


class Decoded(NamedTuple):
    """The content of some records, as columns."""

    epochs: NDArray[np.uint16]
    params: NDArray[np.int32]
    """-1 where absent."""
    values: NDArray[np.float64]
    """Shape (8, records): the numbers of `nbframes.export.nb101.record.VALUES`, NaN where absent."""
    text: Offsets
    """Shape (2, records): where each record's cell (adjacency, `SEPARATOR`, operations) begins and ends in the data."""
    odd_texts: dict[int, bytes]
    """The cells of records that write them otherwise."""
    broken: dict[int, str]
    """Records that could not be read, and why."""


class Decoder:
    """Decodes records, a block at a time, and remembers the layouts it has met."""

    def __init__(self) -> None:
        self._layouts: list[_Layout] = []

    def decode(self, data: bytes, start: Offsets, stop: Offsets) -> Decoded:
        """Decode the payloads that stand in ``data`` from each ``start`` to ``stop``."""
        block = _Block(data, start, stop)
        todo = np.arange(len(start))
        for layout in self._layouts:
            todo = block.read(layout, todo)
        while todo.size:
            learned = block.read_carefully(int(todo[0]))
            todo = todo[1:]
            if learned is not None and len(self._layouts) < _LAYOUTS:
                self._layouts.append(learned)
                todo = block.read(learned, todo)
        return block.decoded


def texts(data: bytes, width: int) -> NDArray[np.bytes_]:
    """View of the ``width`` bytes at every offset of ``data``; comparisons ignore NUL bytes at the end."""
    size = max(len(data) - width + 1, 0)
    return np.ndarray((size,), f"S{width}", data, 0, (1,))


class _Form(NamedTuple):
    """How metrics are written in a payload."""

    width: int
    """Bytes of the base64 text as it stands in JSON, line breaks included."""
    breaks: tuple[int, ...]
    """Where line breaks, written ``\\n``, stand in it."""

    @property
    def tail(self) -> int:
        """Bytes of the payload behind the cell."""
        return len(SEPARATOR) + self.width + len(_CLOSING)

    def decode(self, text: NDArray[np.uint8]) -> _Messages:
        """Decode base64 texts of that form, one a row."""
        good = np.ones(len(text), np.bool_)
        for at in self.breaks:
            good &= (text[:, at] == _BREAK[0]) & (text[:, at + 1] == _BREAK[1])
        plain = self._without_breaks(text) if self.breaks else text
        ends = plain[:, -2:]
        padded = ends == ord("=")
        good &= padded[:, 1] | ~padded[:, 0]
        ends[padded] = ord("A")
        blob = _base64(plain)
        if blob is None:
            wrong = ~_ALPHABET[plain].all(axis=1)
            good &= ~wrong
            plain[wrong] = ord("A")
            blob = _base64(plain)
        content = np.frombuffer(blob, np.uint8).reshape(len(text), plain.shape[1] // 4 * 3)
        return _Messages(content, np.where(good, padded.sum(axis=1), -1))

    def _without_breaks(self, text: NDArray[np.uint8]) -> NDArray[np.uint8]:
        edges = [0, *(edge for at in self.breaks for edge in (at, at + len(_BREAK))), self.width]
        return np.concatenate([text[:, a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)], axis=1)


class _Messages(NamedTuple):
    """Protobuf messages of one length, one a row."""

    content: NDArray[np.uint8]
    padding: NDArray[np.intp]
    """Surplus bytes at the end of each; -1 where the text was not base64 of the form."""


@dataclass(frozen=True)
class _Layout:
    """How the bytes of a record are to be read."""

    form: _Form
    padding: int
    """Characters ``=`` at the end of the metrics."""
    columns: Offsets
    """Offsets of the structural bytes of the message."""
    structure: NDArray[np.uint8]
    """What they are."""
    mask: NDArray[np.uint8]
    """Which bits of them count."""
    metrics: Metrics

    @classmethod
    def of(cls, payload: bytes, row: Row, metrics: Metrics) -> _Layout | None:
        """Learn the layout of a record; None if its JSON is not written as the official file's."""
        if json.dumps(list(row)).encode() != payload:
            return None
        encoded = payload[-len(json.dumps(row.metrics)) : -len(_CLOSING)]
        breaks = tuple(np.flatnonzero(texts(encoded, len(_BREAK)) == _BREAK).tolist())
        plain = encoded.replace(_BREAK, b"")
        padding = len(plain) - len(plain.rstrip(b"="))
        if len(plain) % 4 or not _ALPHABET[list(plain[: len(plain) - padding])].all():
            return None
        message = np.frombuffer(decode_base64(row.metrics), np.uint8)
        mask = _structure(message.tobytes())
        columns = np.flatnonzero(mask)
        form = _Form(len(encoded), breaks)
        return cls(form, padding, columns, message[columns], mask[columns], metrics)

    def numbers(
        self, messages: NDArray[np.uint8], epochs: NDArray[np.uint16]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
        """Values and params of messages, and which have this layout and need no second look."""
        count = len(messages)
        fits = ~((messages[:, self.columns] ^ self.structure) & self.mask).any(axis=1)
        values = np.full((len(VALUES), count), np.nan)
        for index, offset in enumerate(self.metrics.offsets):
            if offset >= 0:
                values[index] = _doubles(messages, offset)
                fits &= np.isfinite(values[index])
                if index in ACCURACIES:
                    fits &= values[index] * 100.0 / 100.0 == values[index]
        expectations: tuple[NDArray[Any], ...] = (epochs / 2, epochs)
        for expected, offset in zip(expectations, self.metrics.progress, strict=True):
            if offset >= 0:
                fits &= np.abs(_doubles(messages, offset) - expected) < 0.5
        params = np.full(count, -1 if self.metrics.params < 0 else 0, np.int64)
        for place, column in enumerate(range(*self.metrics.params_span)):
            params |= (messages[:, column] & np.int64(0x7F)) << np.int64(7 * place)
        fits &= params >> 31 == params >> 63
        return values, params, fits


class _Block:
    """Records that are decoded together."""

    def __init__(self, data: bytes, start: Offsets, stop: Offsets) -> None:
        self._data, self._start, self._stop = data, start, stop
        count = len(start)
        self.decoded = Decoded(
            epochs=np.zeros(count, np.uint16),
            params=np.full(count, -1, np.int32),
            values=np.full((len(VALUES), count), np.nan),
            text=np.zeros((2, count), np.int64),
            odd_texts={},
            broken={},
        )
        self._forms: dict[_Form, tuple[Offsets, _Messages]] = {}

    def read_carefully(self, record: int) -> _Layout | None:
        """Decode one record; return its layout if others may have it too."""
        payload = self._data[self._start[record] : self._stop[record]]
        into = self.decoded
        try:
            row = parse_row(payload)
            metrics = parse_metrics(decode_base64(row.metrics), row.epochs)
        except SourceError as error:
            into.broken[record] = str(error)
            return None
        into.epochs[record], into.params[record], into.values[:, record] = row.epochs, metrics.params, metrics.values
        layout = _Layout.of(payload, row, metrics)
        if layout is None:
            into.odd_texts[record] = row.adjacency.encode() + SEPARATOR + row.operations.encode()
        else:
            self._read_form(layout.form)
            into.text[1, record] = self._stop[record] - layout.form.tail
        return layout

    def read(self, layout: _Layout, among: Offsets) -> Offsets:
        """Decode those of the records ``among`` that have a layout; return the others."""
        row_of, messages = self._read_form(layout.form)
        row = row_of[among]
        found = np.flatnonzero((row >= 0) & (messages.padding[row] == layout.padding))
        if not found.size:
            return among
        rows = among[found]
        values, params, fits = layout.numbers(messages.content[row[found]], self.decoded.epochs[rows])
        if not fits.all():
            found, rows, values, params = found[fits], rows[fits], values[:, fits], params[fits]
        self.decoded.params[rows] = params
        self.decoded.text[1, rows] = self._stop[rows] - layout.form.tail
        for column, measured in zip(self.decoded.values, values, strict=True):
            column[rows] = measured
        others = np.ones(len(among), np.bool_)
        others[found] = False
        return among[others]

    def _read_form(self, form: _Form) -> tuple[Offsets, _Messages]:
        """Messages of the records whose metrics have a form, and in which row each record's stands, -1 if in none."""
        if form not in self._forms:
            rows = np.flatnonzero(self._stop - self._start >= HASH.stop + _LONGEST_HEAD + form.tail)
            for expected, origin, offset in (
                (SEPARATOR, self._stop, -form.tail),
                (_OPENING, self._start, 0),
                (_CLOSING, self._stop, -len(_CLOSING)),
            ):
                rows = rows[texts(self._data, len(expected))[origin[rows] + offset] == expected]
            rows = self._read_heads(rows)
            text = texts(self._data, form.width)[self._stop[rows] - form.tail + len(SEPARATOR)]
            row_of = np.full(len(self._start), -1)
            row_of[rows] = np.arange(len(rows))
            self._forms[form] = row_of, form.decode(text.view(np.uint8).reshape(len(rows), form.width))
        return self._forms[form]

    def _read_heads(self, rows: Offsets) -> Offsets:
        """Read the epochs and where the cell begins; return the rows in which they are written as in the official file."""
        at = self._start[rows] + HASH.stop
        official = np.zeros(len(rows), np.bool_)
        for epochs, head in _HEADS.items():
            these = texts(self._data, len(head))[at] == head
            self.decoded.epochs[rows[these]] = epochs
            self.decoded.text[0, rows[these]] = at[these] + len(head)
            official |= these
        return rows[official]


def _structure(message: bytes, start: int = 0, stop: int | None = None) -> NDArray[np.uint8]:
    """Mask of the bits of a message that are structure, not content: tags, lengths, continuation bits."""
    mask = np.full(len(message), 0xFF, np.uint8)
    for field in fields(message, start, stop):
        if field.wire == VARINT:
            mask[field.start : field.stop] = 0x80
        elif field.wire in (FIXED64, FIXED32):
            mask[field.start : field.stop] = 0
        elif field.wire == BYTES:
            outermost = stop is None and field.number == 1
            inner = _structure(message, field.start, field.stop) if outermost else np.zeros(len(message), np.uint8)
            mask[field.start : field.stop] = inner[field.start : field.stop]
    return mask


def _doubles(messages: NDArray[np.uint8], offset: int) -> NDArray[np.float64]:
    count, width = messages.shape
    return np.ndarray((count,), "<f8", messages, offset, (width,))


def _base64(plain: NDArray[np.uint8]) -> Any:
    """Decode rows of base64 characters as one text; None if one of them is no such character."""
    return pl.Series([plain.tobytes()]).bin.decode("base64", strict=False)[0]
