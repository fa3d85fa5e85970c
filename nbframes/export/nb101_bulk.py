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
from nbframes.export.nb101_record import (
    ACCURACIES,
    VALUES,
    Metrics,
    Row,
    decode_base64,
    parse_metrics,
    parse_row,
)
from nbframes.export.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]
    Mask = NDArray[np.bool_]

HASH = slice(2, 34)
"""Where the module hash stands in a payload of the official form."""
SEPARATOR = b'", "'
"""What stands between adjacency, operations and metrics in a payload of the official form."""

_OPENING = b'["'
_CLOSING = b'"]'
_BREAK = b"\\n"
_LAYOUTS = 32
_ALPHABET = np.isin(np.arange(256), list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


class Decoded(NamedTuple):
    """The content of some records, as columns."""

    epochs: NDArray[np.uint16]
    params: NDArray[np.int64]
    """-1 where absent."""
    values: NDArray[np.float64]
    """Shape (8, records): the numbers of `nbframes.export.nb101_record.VALUES`, NaN where absent."""
    data: bytes
    text: tuple[Offsets, Offsets]
    """Begin and end, in ``data``, of each record's cell: adjacency, `SEPARATOR`, operations."""
    broken: dict[int, str]
    """Records that could not be read, and why."""


def decode(data: bytes, start: Offsets, stop: Offsets) -> Decoded:
    """Decode the payloads that stand in ``data`` from each ``start`` to ``stop``."""
    count = len(start)
    epochs, params = np.zeros(count, np.uint16), np.full(count, -1, np.int64)
    values = np.full((len(VALUES), count), np.nan)
    text = np.zeros((2, count), np.int64)
    broken: dict[int, str] = {}
    odd_texts: list[bytes] = []
    end = len(data)
    todo, layouts = np.arange(count), 0
    while todo.size:
        first, todo = int(todo[0]), todo[1:]
        payload = data[start[first] : stop[first]]
        try:
            row = parse_row(payload)
            metrics = parse_metrics(decode_base64(row.metrics), row.epochs)
        except SourceError as error:
            broken[first] = str(error)
            continue
        epochs[first], params[first], values[:, first] = row.epochs, metrics.params, metrics.values
        odd_texts.append(row.adjacency.encode() + SEPARATOR + row.operations.encode())
        text[:, first] = end, end + len(odd_texts[-1])
        end += len(odd_texts[-1])
        if not todo.size or layouts == _LAYOUTS or (layout := _Layout.of(payload, row, metrics)) is None:
            continue
        layouts += 1
        rows, columns = layout.read(data, start, stop, todo)
        epochs[rows], params[rows], values[:, rows] = row.epochs, columns.params, columns.values
        text[0, rows] = start[rows] + HASH.stop + len(layout.head)
        text[1, rows] = stop[rows] - layout.width - len(SEPARATOR) - len(_CLOSING)
        left = np.ones(count, bool)
        left[rows] = False
        todo = todo[left[todo]]
    return Decoded(epochs, params, values, b"".join([data, *odd_texts]), (text[0], text[1]), broken)


def texts(data: bytes, width: int) -> NDArray[np.bytes_]:
    """View of the ``width`` bytes at every offset of ``data``; comparisons ignore NUL bytes at the end."""
    size = max(len(data) - width + 1, 0)
    return np.ndarray((size,), f"S{width}", data, 0, (1,))


class _Columns(NamedTuple):
    params: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class _Layout:
    """How the bytes of a record are to be read."""

    epochs: int
    head: bytes
    """From behind the hash to the cell: the epochs within JSON."""
    width: int
    """Bytes of the base64 text as it stands in the payload, line breaks included."""
    breaks: tuple[int, ...]
    """Where line breaks, written ``\\n``, stand in it."""
    padding: int
    """Characters ``=`` at its end."""
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
        breaks = tuple(np.flatnonzero(texts(encoded, len(_BREAK))[:] == _BREAK).tolist())
        plain = encoded.replace(_BREAK, b"")
        padding = len(plain) - len(plain.rstrip(b"="))
        if len(plain) % 4 or not _ALPHABET[list(plain[: len(plain) - padding])].all():
            return None
        message = np.frombuffer(decode_base64(row.metrics), np.uint8)
        mask = _structure(message.tobytes())
        columns = np.flatnonzero(mask)
        head = f'", {row.epochs}, "'.encode()
        return cls(row.epochs, head, len(encoded), breaks, padding, columns, message[columns], mask[columns], metrics)

    def read(self, data: bytes, start: Offsets, stop: Offsets, among: Offsets) -> tuple[Offsets, _Columns]:
        """Decode those of the records ``among`` that have this layout; return which, and their columns."""
        rows = among[self._fits(data, start[among], stop[among])]
        rows, messages = self._messages(data, rows, stop[rows] - self.width - len(_CLOSING))
        fits = ~((messages[:, self.columns] ^ self.structure) & self.mask).any(axis=1)
        columns, plausible = self._numbers(messages)
        fits &= plausible
        return rows[fits], _Columns(columns.params[fits], columns.values[:, fits])

    def _fits(self, data: bytes, start: Offsets, stop: Offsets) -> Mask:
        """Which payloads have this layout's JSON around hash, cell and metrics."""
        opening, hash_end = len(_OPENING), HASH.stop
        tail = stop - self.width - len(_CLOSING) - len(SEPARATOR)
        fits = start + hash_end + len(self.head) <= tail
        head_at, tail_at, end_at = (np.where(fits, at, 0) for at in (start, tail, stop - len(_CLOSING)))
        fits &= texts(data, opening)[head_at] == _OPENING
        fits &= texts(data, len(self.head))[np.where(fits, head_at + hash_end, 0)] == self.head
        fits &= texts(data, len(SEPARATOR))[tail_at] == SEPARATOR
        fits &= texts(data, len(_CLOSING))[end_at] == _CLOSING
        return fits

    def _messages(self, data: bytes, rows: Offsets, start: Offsets) -> tuple[Offsets, NDArray[np.uint8]]:
        """Decode the base64 texts at ``start``; return the rows where they are valid, and one message a row."""
        text = texts(data, self.width)[start].view(np.uint8).reshape(-1, self.width)
        good = np.ones(len(rows), bool)
        for at in self.breaks:
            good &= (text[:, at] == _BREAK[0]) & (text[:, at + 1] == _BREAK[1])
        edges = [0, *(edge for at in self.breaks for edge in (at, at + len(_BREAK))), self.width]
        plain = np.concatenate([text[:, a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)], axis=1)
        padded = plain.shape[1] - self.padding
        good &= (plain[:, padded:] == ord("=")).all(axis=1)
        plain[:, padded:] = ord("A")
        if not good.all():
            rows, plain = rows[good], plain[good]
        blob = _base64(plain)
        if blob is None:
            good = _ALPHABET[plain].all(axis=1)
            rows, plain = rows[good], plain[good]
            blob = _base64(plain)
        return rows, np.frombuffer(blob or b"", np.uint8).reshape(len(rows), plain.shape[1] // 4 * 3)

    def _numbers(self, messages: NDArray[np.uint8]) -> tuple[_Columns, Mask]:
        """Numbers of the messages, and where they are such that nothing needs a second look."""
        count = len(messages)
        values = np.full((len(VALUES), count), np.nan)
        plausible = np.ones(count, bool)
        for index, offset in enumerate(self.metrics.offsets):
            if offset >= 0:
                column = _doubles(messages, offset)
                values[index] = column
                plausible &= np.isfinite(column)
                if index in ACCURACIES:
                    plausible &= column * 100.0 / 100.0 == column
        for expected, offset in zip((self.epochs / 2, self.epochs), self.metrics.progress, strict=True):
            if offset >= 0:
                plausible &= np.abs(_doubles(messages, offset) - expected) < 0.5
        params = np.full(count, -1 if self.metrics.params < 0 else 0, np.int64)
        for place, column in enumerate(range(*self.metrics.params_span)):
            params |= (messages[:, column] & np.int64(0x7F)) << np.int64(7 * place)
        plausible &= params >> 31 == params >> 63
        return _Columns(params, values), plausible


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
