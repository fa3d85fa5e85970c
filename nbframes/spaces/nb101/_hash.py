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
from nbframes.spaces.nb101._md5 import Batch, Messages, to_hexadecimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Words = NDArray[np.uint32]

_SLICE: Final = 65_536
"""Cells in memory at a time."""
_BATCH: Final = 32_768
"""Messages hashed together: enough that calls of numpy cost little, few enough for the processor's cache."""
_COLOUR: Final = 32
"""Characters of a colour."""
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

    @property
    def length(self) -> int:
        """Characters of what a member hashes: the colours of its sources, of its targets and its own, bars between."""
        return _COLOUR * (len(self.sources) + len(self.targets) + 1) + 2


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
        present = [(group, *found) for group in layout.groups if (found := _overlap(group.place, part)) is not None]
        batch = Batch([(place.stop - place.start, group.length) for group, place, _ in present])
        for messages, (group, place, members) in zip(batch.messages, present, strict=True):
            neighbours = [[some[members] for some in positions] for positions in (group.sources, group.targets)]
            _write(messages, place, neighbours, colours, layout)
        _store(refined, part, batch.digest(), layout)
    return refined


def _write(
    messages: Messages, place: slice, neighbours: list[list[Positions]], colours: _Colours, layout: _Layout
) -> None:
    """Write what some vertices hash that are stored side by side, given where their sources and targets are stored."""
    for positions in neighbours:
        for position in _sorted(positions, layout.cell[place], colours, layout):
            messages.words(colours.texts.take(position, axis=1))
        messages.text("|")
    messages.words(colours.texts[:, place])


def _fingerprints(colours: _Colours, layout: _Layout, cell: Positions, v: int) -> Words:
    """Return the digests, shape (cells, 4), of the sorted colours of cells of ``v`` vertices."""
    batch = Batch([(len(cell), _COLOUR * v + 4 * (v - 1) + 4)])
    (messages,) = batch.messages
    for rank, position in enumerate(_sorted(list(layout.position[:v, cell]), cell, colours, layout)):
        messages.text("', '" if rank else "['")
        messages.words(colours.texts.take(position, axis=1))
    messages.text("']")
    return batch.digest().T


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


def _overlap(group: slice, part: slice) -> tuple[slice, slice] | None:
    """Return where a group and a batch overlap, if they do: in the order of storage, and among the group's members."""
    start, stop = max(group.start, part.start), min(group.stop, part.stop)
    return (slice(start, stop), slice(start - group.start, stop - group.start)) if start < stop else None
