"""The official module hash of many cells at once.

The algorithm is that of `_cell.hash_cell`: round by round, every vertex gets as its colour the MD5 of the sorted colours
of its sources and of its targets and of its own. Here all vertices with equally many sources and equally many targets,
whose texts are of one length, are hashed together.
"""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.spaces.nb101._cell import MAX_VERTICES, OPERATIONS
from nbframes.spaces.nb101._columns import Cells, edges_among
from nbframes.spaces.nb101._graph import by_vertices, has_edge
from nbframes.spaces.nb101._md5 import Messages, to_hexadecimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Words = NDArray[np.uint32]
    Keys = NDArray[np.uint64]

_SLICE: Final = 65_536
"""Cells in memory at a time."""
_BATCH: Final = 16_384
"""Messages hashed together: they stay in the processor's cache."""
_LABELS: Final = (*range(len(OPERATIONS)), -2, -1)
"""Labels of operations, output and input, so that each label is also the index of itself."""
_VERTEX: Final = np.uint64(7)
"""Bits of a key that hold the vertex."""
_MEMBERS: Final = [[x for x in range(MAX_VERTICES) if mask >> x & 1] for mask in range(1 << MAX_VERTICES)]
_DEGREE: Final = np.array([len(members) for members in _MEMBERS], np.uint8)
_MEMBER: Final = np.array([members + [0] * (MAX_VERTICES - len(members)) for members in _MEMBERS], np.intp)
"""The vertices in a mask, by mask and rank."""


class _Group(NamedTuple):
    """Vertices with equally many sources and equally many targets, stored side by side."""

    place: slice
    sources: list[Positions]
    """Where each of the sources is stored."""
    targets: list[Positions]


class _Layout(NamedTuple):
    """Where the vertices of some cells are stored: by group, so that a group is a slice."""

    groups: list[_Group]
    cell: Positions
    vertex: Positions
    position: Positions
    """Shape (vertices of a cell, cells): where each vertex is stored."""


class _Colours(NamedTuple):
    texts: Words
    """Shape (8, stored vertices): hexadecimal text, four characters a word."""
    keys: Keys
    """Sort as the texts do (61 bits tell them apart), and name the vertex in the last three bits."""


def hash_cells(cells: Cells, progress: Callable[[int, int], object] | None = None) -> pl.Series:
    """Return the official hash of pruned cells; ``progress`` is called with the cells done and their total."""
    total, done = len(cells.vertices), 0
    digests = np.empty((total, 4), "<u4")
    for v, rows in by_vertices(cells):
        for start in range(0, len(rows), _SLICE):
            some = rows[start : start + _SLICE]
            digests[some] = _hash_slice(cells.take(some), v)
            done += len(some)
            if progress is not None:
                progress(done, total)
    octets = pl.Series("hash", digests.view(np.uint8), pl.Array(pl.UInt8, 16))
    return octets.cast(pl.List(pl.UInt8)).cast(pl.Binary).bin.encode("hex")


def _hash_slice(cells: Cells, v: int) -> Words:
    """Return the digests, shape (cells, 4), of cells of ``v`` vertices."""
    layout = _lay_out(cells, v)
    colours = _first_colours(cells, v, layout)
    for _ in range(v):
        colours = _refined(colours, layout)
    digests = np.empty((len(cells.vertices), 4), np.uint32)
    for part in _batches(slice(0, len(digests))):
        message = Messages()
        positions = _sorted(list(layout.position[:, part]), np.arange(part.start, part.stop), colours.keys, layout)
        for rank, position in enumerate(positions):
            message.text("', '" if rank else "['")
            message.words(colours.texts.take(position, axis=1))
        message.text("']")
        digests[part] = np.stack(message.digests(), axis=1)
    return digests


def _lay_out(cells: Cells, v: int) -> _Layout:
    count = len(cells.vertices)
    sources, targets = np.zeros((2, v, count), np.uint8)
    for i, j in edges_among(v):
        edge = has_edge(cells.adjacency, i, j).astype(np.uint8)
        sources[j] |= edge << np.uint8(i)
        targets[i] |= edge << np.uint8(j)
    kind = (_DEGREE[sources] * np.uint8(MAX_VERTICES) + _DEGREE[targets]).ravel()
    stored = np.argsort(kind, kind="stable")
    position = np.empty((v, count), np.intp)
    position.ravel()[stored] = np.arange(v * count)
    vertex, cell = np.divmod(stored, count)
    kinds, starts = np.unique(kind[stored], return_index=True)
    groups = []
    for code, start, stop in zip(kinds.tolist(), starts.tolist(), [*starts[1:].tolist(), v * count], strict=True):
        place = slice(start, stop)
        degrees = divmod(code, MAX_VERTICES)
        lists = [
            [position[_MEMBER[masks.ravel()[stored[place]], rank], cell[place]] for rank in range(degree)]
            for masks, degree in zip((sources, targets), degrees, strict=True)
        ]
        groups.append(_Group(place, *lists))
    return _Layout(groups, cell, vertex, position)


def _first_colours(cells: Cells, v: int, layout: _Layout) -> _Colours:
    """Colour the vertices by their degrees and label."""
    labels = np.empty((v, len(cells.vertices)), np.int8)
    labels[0], labels[-1] = -1, -2
    labels[1:-1] = cells.operations.T[: v - 2]
    stored = labels[layout.vertex, layout.cell]
    colours = _Colours(np.empty((8, stored.size), np.uint32), np.empty(stored.size, np.uint64))
    for group in layout.groups:
        degrees = len(group.targets), len(group.sources)
        digests = [md5(str((*degrees, label)).encode(), usedforsecurity=False).digest() for label in _LABELS]
        words = np.frombuffer(b"".join(digests), "<u4").reshape(len(_LABELS), 4)
        _store(colours, group.place, list(words[stored[group.place]].T), layout)
    return colours


def _refined(colours: _Colours, layout: _Layout) -> _Colours:
    """Colour the vertices by the colours of their sources, their targets and their own."""
    refined = _Colours(np.empty_like(colours.texts), np.empty_like(colours.keys))
    for group in layout.groups:
        for part in _batches(group.place):
            cell = layout.cell[part]
            members = slice(part.start - group.place.start, part.stop - group.place.start)
            message = Messages()
            for neighbours in (group.sources, group.targets):
                for position in _sorted([some[members] for some in neighbours], cell, colours.keys, layout):
                    message.words(colours.texts.take(position, axis=1))
                message.text("|")
            message.words(colours.texts[:, part])
            _store(refined, part, message.digests(), layout)
    return refined


def _store(colours: _Colours, place: slice, digests: Sequence[Words], layout: _Layout) -> None:
    colours.texts[:, place] = to_hexadecimal(digests)
    first, second = (word.byteswap().astype(np.uint64) for word in digests[:2])
    leading = (first << np.uint64(32) | second) & ~_VERTEX
    colours.keys[place] = leading | layout.vertex[place].astype(np.uint64)


def _sorted(positions: list[Positions], cell: Positions, keys: Keys, layout: _Layout) -> list[Positions]:
    """Sort a few vertices of every cell by their colours."""
    if len(positions) < 2:
        return positions
    columns = [keys[position] for position in positions]
    for last in reversed(range(1, len(columns))):
        for i in range(last):
            columns[i], columns[i + 1] = np.minimum(*columns[i : i + 2]), np.maximum(*columns[i : i + 2])
    return [layout.position[(column & _VERTEX).astype(np.intp), cell] for column in columns]


def _batches(place: slice) -> Iterator[slice]:
    for start in range(place.start, place.stop, _BATCH):
        yield slice(start, min(start + _BATCH, place.stop))
