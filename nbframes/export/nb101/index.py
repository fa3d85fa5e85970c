"""Which cell each record of a NAS-Bench-101 TFRecord file belongs to, and where to read it.

An architecture may be handed over only when all its records are known, and nothing promises that they stand together.
So the file is read twice: first the frames are checked and the hashes taken, then cells are decoded, a block of
architectures at a time, wherever their records stand.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbframes.errors import SourceError
from nbframes.export.containers.tfrecord import FOOT, HEAD, Damage, Frames, read_range, scan
from nbframes.export.nb101.bulk import HASH, texts
from nbframes.export.nb101.record import parse_row
from nbframes.export.nb101.runs import Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]

_HEXADECIMAL = np.isin(np.arange(256), list(b"0123456789abcdef"))


class Stretches(NamedTuple):
    """Records of one cell each that follow one another in the file, and the lengths of all payloads in turn."""

    start: Offsets
    """Offset of each stretch in the file."""
    size: NDArray[np.uint32]
    """Bytes of each stretch."""
    counts: NDArray[np.uint32]
    """Records of each stretch."""
    hash: NDArray[np.bytes_]
    """Module hash of each stretch."""
    length: NDArray[np.uint32]
    """Bytes of each payload."""
    damages: list[Damage]
    """What could not be read."""


class Block(NamedTuple):
    """Some cells with all their records, to be read from the file."""

    path: Path
    ranges: list[tuple[int, int]]
    """Byte ranges of the file which, one after the other, hold the records cell by cell in file order."""
    length: NDArray[np.uint32]
    """Bytes of each payload."""
    counts: Offsets
    """Records of each cell."""
    hashes: list[bytes]

    def load(self) -> Records:
        """Read the records from the file."""
        data = b"".join(read_range(self.path, start, stop) for start, stop in self.ranges)
        stop = np.cumsum(self.length.astype(np.int64) + HEAD + FOOT) - FOOT
        cell = np.repeat(np.arange(len(self.hashes)), self.counts)
        return Records(data, stop - self.length, stop, cell, [hash.decode() for hash in self.hashes])

    def place(self, record: int) -> str:
        """Where in the file one record stands, for messages."""
        before = int(self.length[:record].sum(dtype=np.int64)) + record * (HEAD + FOOT)
        sizes = np.array([stop - start for start, stop in self.ranges])
        at = int(np.searchsorted(np.cumsum(sizes), before, side="right"))
        return f"byte {self.ranges[at][0] + before - int(sizes[:at].sum())}"

    @property
    def size(self) -> int:
        """Bytes of all records."""
        return sum(stop - start for start, stop in self.ranges)


def read_stretches(path: Path, start: int, stop: int) -> Stretches:
    """Check the frames of a byte range that begins with a frame, and take the hashes of their records."""
    data = read_range(path, start, stop)
    frames, damages = scan(data)
    hashes, wrong = _hashes(data, frames)
    for record, reason in wrong.items():
        left = int(frames.start[record])
        damages.append(Damage(left, left + HEAD + int(frames.length[record]) + FOOT, reason))
    if wrong:
        good = np.delete(np.arange(len(hashes)), list(wrong))
        frames, hashes = Frames(frames.start[good], frames.length[good]), hashes[good]
    first = np.ones(len(hashes), np.bool_)
    first[1:] = hashes[1:] != hashes[:-1]
    first[1:] |= np.diff(frames.start) != frames.length[:-1] + (HEAD + FOOT)
    firsts = np.flatnonzero(first)
    lasts = np.append(firsts, len(hashes))[1:] - 1
    ends = frames.start[lasts] + frames.length[lasts] + (HEAD + FOOT)
    return Stretches(
        frames.start[firsts] + start,
        (ends - frames.start[firsts]).astype(np.uint32),
        (lasts - firsts + 1).astype(np.uint32),
        hashes[firsts],
        frames.length.astype(np.uint32),
        [Damage(left + start, right + start, reason) for left, right, reason in sorted(damages)],
    )


def read_pieces(path: Path, ranges: Iterable[tuple[int, int]]) -> list[Stretches]:
    """Read the stretches of some byte ranges."""
    return [read_stretches(path, *piece) for piece in ranges]


def plan(path: Path, parts: Iterable[Stretches], block: int) -> Iterator[Block]:
    """Cut the records into blocks of whole cells of about ``block`` bytes, cells in order of first appearance."""
    hashes, (cell, start, size, count, length) = _collected(parts)
    first = (np.cumsum(count, dtype=np.uint32) - count).astype(np.uint32)
    order = np.argsort(cell, kind="stable").astype(np.uint32)
    for chosen in _groups(cell[order], size[order], block):
        stretches = order[chosen]
        lowest, highest = int(cell[stretches[0]]), int(cell[stretches[-1]])
        yield Block(
            path,
            _merged(start[stretches], start[stretches] + size[stretches]),
            length[_spread(first[stretches], count[stretches])],
            np.bincount(cell[stretches] - lowest, count[stretches]).astype(np.int64),
            hashes[lowest : highest + 1],
        )


def _collected(parts: Iterable[Stretches]) -> tuple[list[bytes], list[NDArray[Any]]]:
    """Hash of each cell; cell, start, size and count of all stretches; lengths of all payloads."""
    numbers: defaultdict[bytes, int] = defaultdict(count(0).__next__)
    columns = [
        (
            np.array(list(map(numbers.__getitem__, part.hash.tolist())), np.int32),
            part.start,
            part.size,
            part.counts,
            part.length,
        )
        for part in parts
    ]
    return list(numbers), [np.concatenate(column) for column in zip(*columns, strict=True)]


def _hashes(data: bytes, frames: Frames) -> tuple[NDArray[np.bytes_], dict[int, str]]:
    """Module hash of each record, and what is wrong with the records that have none."""
    start, width = frames.start + HEAD, HASH.stop - HASH.start
    long = np.flatnonzero(frames.length > HASH.stop)
    official = np.zeros(len(start), np.bool_)
    official[long] = np.equal(texts(data, HASH.start)[start[long]], b'["')
    hashes = np.zeros(len(start), f"S{width}")
    hashes[long] = texts(data, width)[start[long] + HASH.start]
    new = np.ones(len(hashes), np.bool_)
    new[1:] = np.not_equal(hashes[1:], hashes[:-1])
    characters = np.asarray(hashes[new]).view(np.uint8).reshape(-1, width)
    hexadecimal = np.asarray(_HEXADECIMAL[characters].all(axis=1))
    official &= hexadecimal[np.cumsum(new) - 1]
    wrong: dict[int, str] = {}
    for record in np.flatnonzero(~official).tolist():
        try:
            row = parse_row(data[start[record] : start[record] + frames.length[record]])
            hashes[record] = row.hash.encode()
        except SourceError as error:
            wrong[record] = str(error)
    return hashes, wrong


def _groups(cell: Offsets, bytes_: Offsets, size: int) -> Iterator[slice]:
    """Slices of stretches sorted by cell that hold whole cells and about ``size`` bytes."""
    firsts = np.flatnonzero(np.diff(cell, prepend=-1))
    target = (np.cumsum(bytes_, dtype=np.int64) - bytes_)[firsts] // size
    edges = [*firsts[np.flatnonzero(np.diff(target, prepend=-1))].tolist(), len(cell)]
    return (slice(a, b) for a, b in pairwise(edges))


def _spread(first: Offsets, count: Offsets) -> Offsets:
    """Positions first, first + 1, ... of each stretch, one after the other."""
    before = np.cumsum(count, dtype=np.int64) - count
    positions: Offsets = np.arange(int(count.sum())) + np.repeat(first - before, count)
    return positions


def _merged(start: Offsets, stop: Offsets) -> list[tuple[int, int]]:
    """Byte ranges, those that touch made one."""
    apart = np.flatnonzero(start[1:] != stop[:-1])
    lefts, rights = start[np.r_[0, apart + 1]], stop[np.r_[apart, len(stop) - 1]]
    return list(zip(lefts.tolist(), rights.tolist(), strict=True))
