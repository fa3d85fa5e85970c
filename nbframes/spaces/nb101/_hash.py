"""The official module hash of many cells at once.

The algorithm is that of `_cell.hash_cell`: round by round, every vertex gets as its colour the MD5 of the sorted colours
of its sources and of its targets and of its own. Here the vertices of all cells go through a round together; those with
equally many sources and equally many targets, whose texts have one layout, are stored side by side.
"""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.spaces.nb101._cell import MAX_VERTICES, OPERATIONS
from nbframes.spaces.nb101._columns import EDGES, Cells
from nbframes.spaces.nb101._graph import has_edge
from nbframes.spaces.nb101._md5 import Messages, digest, to_hexadecimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Words = NDArray[np.uint32]

_SLICE: Final = 65_536
"""Cells in memory at a time."""
_BATCH: Final = 16_384
"""Messages hashed together: they stay in the processor's cache."""
_LABELS: Final = (*range(len(OPERATIONS)), -2, -1)
"""Labels of operations, output and input, so that each label is also the index of itself."""
_VERTEX: Final = np.uint64(7)
"""Bits of a key that hold the vertex."""
_MEMBERS: Final = [[x for x in range(MAX_VERTICES) if mask >> x & 1] for mask in range(1 << MAX_VERTICES)]
_DEGREE: Final = np.array([len(members) for members in _MEMBERS])
_MEMBER: Final = np.array([members + [0] * (MAX_VERTICES - len(members)) for members in _MEMBERS])
"""The vertices in a mask, by mask and rank."""


class _Group(NamedTuple):
    """Vertices with equally many sources and equally many targets, stored side by side."""

    place: slice
    sources: list[Positions]
    """Where each of the sources is stored."""
    targets: list[Positions]


class _Layout(NamedTuple):
    """Where the vertices of some cells are stored: by group, those with most edges first."""

    groups: list[_Group]
    vertex: Positions
    cell: Positions
    position: Positions
    """Shape (7, cells): where each vertex is stored."""


class _Colours(NamedTuple):
    texts: Words
    """Shape (8, stored vertices): hexadecimal text, four characters a word."""
    keys: NDArray[np.uint64]
    """Sort as the texts do (61 bits tell them apart), and name the vertex in the last three bits."""


def hash_cells(cells: Cells, advance: Callable[[int], object] | None = None) -> pl.Series:
    """Return the official hash of pruned cells; ``advance`` is told how many more are done, time after time."""
    total = len(cells.vertices)
    digests = np.empty((total, 4), "<u4")
    for start in range(0, total, _SLICE):
        some = slice(start, min(start + _SLICE, total))
        digests[some] = _hash_slice(cells.take(some))
        if advance is not None:
            advance(some.stop - start)
    octets = pl.Series("hash", digests.view(np.uint8), pl.Array(pl.UInt8, 16))
    return octets.cast(pl.List(pl.UInt8)).cast(pl.Binary).bin.encode("hex")


def _hash_slice(cells: Cells) -> Words:
    """Return the digests, shape (cells, 4)."""
    layout = _lay_out(cells)
    colours = _first_colours(cells, layout)
    digests = np.empty((len(cells.vertices), 4), np.uint32)
    for v in range(1, cells.vertices.max() + 1):
        colours = _refined(colours, layout)
        done = np.flatnonzero(cells.vertices == v)
        for part in _batches(len(done)):
            digests[done[part]] = _fingerprints(colours, layout, done[part], v)
    return digests


def _lay_out(cells: Cells) -> _Layout:
    count = len(cells.vertices)
    sources, targets = np.zeros((2, MAX_VERTICES, count), np.uint8)
    for i, j in EDGES:
        edge = has_edge(cells.adjacency, i, j).astype(np.uint8)
        sources[j] |= edge << np.uint8(i)
        targets[i] |= edge << np.uint8(j)
    degree = _DEGREE[sources] + _DEGREE[targets]
    kind = (degree * MAX_VERTICES + _DEGREE[sources]).ravel()
    stored = np.argsort(-kind, kind="stable")[: np.count_nonzero(kind)]
    position = np.zeros((MAX_VERTICES, count), np.intp)
    position.ravel()[stored] = np.arange(len(stored))
    vertex, cell = np.divmod(stored, count)

    groups = []
    starts = np.flatnonzero(np.diff(kind[stored], prepend=0)).tolist()
    for start, stop in zip(starts, [*starts[1:], len(stored)], strict=True):
        place = slice(start, stop)
        neighbours = [masks.ravel()[stored[place]] for masks in (sources, targets)]
        lists = [
            [position[_MEMBER[masks, rank], cell[place]] for rank in range(_DEGREE[masks[0]])] for masks in neighbours
        ]
        groups.append(_Group(place, *lists))
    return _Layout(groups, vertex, cell, position)


def _first_colours(cells: Cells, layout: _Layout) -> _Colours:
    """Colour the vertices by their degrees and label."""
    labels = np.full((MAX_VERTICES, len(cells.vertices)), -1, np.int8)
    labels[1:-1] = cells.operations.T
    labels[cells.vertices - 1, np.arange(len(cells.vertices))] = -2
    stored = labels[layout.vertex, layout.cell]
    colours = _Colours(np.empty((8, stored.size), np.uint32), np.empty(stored.size, np.uint64))
    for group in layout.groups:
        degrees = len(group.targets), len(group.sources)
        digests = [md5(str((*degrees, label)).encode(), usedforsecurity=False).digest() for label in _LABELS]
        words = np.frombuffer(b"".join(digests), "<u4").reshape(len(_LABELS), 4)
        _store(colours, group.place, words[stored[group.place]].T, layout)
    return colours


def _refined(colours: _Colours, layout: _Layout) -> _Colours:
    """Colour the vertices by the colours of their sources, their targets and their own."""
    refined = _Colours(np.empty_like(colours.texts), np.empty_like(colours.keys))
    for part in _batches(len(colours.keys)):
        overlaps = [(group, *_overlap(group.place, part)) for group in layout.groups]
        messages = [
            _message(colours, layout, group, place, members)
            for group, place, members in overlaps
            if place.start < place.stop
        ]
        _store(refined, part, digest(messages), layout)
    return refined


def _message(colours: _Colours, layout: _Layout, group: _Group, place: slice, members: slice) -> Messages:
    """Write what some members of a group hash."""
    messages = Messages(place.stop - place.start)
    for neighbours in (group.sources, group.targets):
        for position in _sorted([some[members] for some in neighbours], layout.cell[place], colours, layout):
            messages.words(colours.texts.take(position, axis=1))
        messages.text("|")
    messages.words(colours.texts[:, place])
    return messages


def _fingerprints(colours: _Colours, layout: _Layout, cell: Positions, v: int) -> Words:
    """Return the digests, shape (cells, 4), of the sorted colours of cells of ``v`` vertices."""
    messages = Messages(len(cell))
    for rank, position in enumerate(_sorted(list(layout.position[:v, cell]), cell, colours, layout)):
        messages.text("', '" if rank else "['")
        messages.words(colours.texts.take(position, axis=1))
    messages.text("']")
    return digest([messages]).T


def _store(colours: _Colours, place: slice, digests: Words, layout: _Layout) -> None:
    colours.texts[:, place] = to_hexadecimal(digests)
    first, second = digests[:2].byteswap().astype(np.uint64)
    leading = (first << np.uint64(32) | second) & ~_VERTEX
    colours.keys[place] = leading | layout.vertex[place].astype(np.uint64)


def _sorted(positions: list[Positions], cell: Positions, colours: _Colours, layout: _Layout) -> list[Positions]:
    """Sort a few vertices of every cell by their colours."""
    if len(positions) < 2:
        return positions
    columns = [colours.keys.take(position) for position in positions]
    for last in reversed(range(1, len(columns))):
        for i in range(last):
            columns[i], columns[i + 1] = np.minimum(*columns[i : i + 2]), np.maximum(*columns[i : i + 2])
    table, count = layout.position.ravel(), layout.position.shape[1]
    return [table.take((column & _VERTEX).astype(np.intp) * count + cell) for column in columns]


def _batches(count: int) -> Iterator[slice]:
    for start in range(0, count, _BATCH):
        yield slice(start, min(start + _BATCH, count))


def _overlap(group: slice, part: slice) -> tuple[slice, slice]:
    """Return where a group and a batch overlap: in the order of storage, and among the group's members."""
    start, stop = max(group.start, part.start), min(group.stop, part.stop)
    return slice(start, stop), slice(start - group.start, stop - group.start)
