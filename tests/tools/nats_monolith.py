"""Make NATS-Bench's monolithic pickle out of a ``-simple`` folder, in bounded memory.

The official file is one pickle of one dict. Pickling that dict takes 30 GB; here every record is pickled by itself, with memo numbers
that are moved afterwards to where they stand in the whole, so that the result is the pickle of the whole: one memo, names of fields
shared by all architectures, items in batches of a thousand, frames of 64 KiB.

usage: python -m tests.tools.nats_monolith SIMPLE_FOLDER OUT.pickle.pbz2 [--count N] [--plain]
"""

from __future__ import annotations

import argparse
import bz2
import io
import pickle
import pickletools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

FRAME = 1 << 16
BATCH = 1000
SHARED = 256  # references to shared objects: memo numbers from here, so that all of them take five bytes
LOCAL = 1024  # a record's own objects: from here


def interned(value):
    """Copy of a record's dicts in which equal names are one object, as they were where the official file was made."""
    if isinstance(value, dict):
        items = (
            (sys.intern(key) if type(key) is str and "@" not in key else key, interned(item))
            for key, item in value.items()
        )
        return type(value)(items)
    return value


class Body:
    """Pickles records one at a time as parts of one pickle."""

    def __init__(self, first_number: int) -> None:
        self.next_number = first_number
        self._shared: dict[int, tuple[int, object]] = {}
        self._numbers = np.empty(0, np.uint32)
        self._fillers = [object() for _ in range(LOCAL)]
        self._known: dict[int, list[tuple[bytes, np.ndarray, np.ndarray, np.ndarray]]] = {}

    def opcodes(self, index: int, record: object) -> tuple[bytes, np.ndarray]:
        """Opcodes of one record without PROTO and STOP, and where each of them begins."""
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, 4)
        fillers = {id(filler): (0, filler) for filler in self._fillers[: LOCAL - len(self._shared)]}
        pickler.memo = {**self._shared, **fillers}  # a pickler counts on from the size of its memo
        pickler.dump(record)
        program = deframed(buffer.getvalue())[2:-1]
        gets, starts, count = self._places(program, index)
        data = np.frombuffer(program, np.uint8).copy()
        if len(gets):
            window = gets[:, None] + np.arange(4)
            numbers = data[window].copy().view("<u4").ravel()
            own = numbers >= LOCAL
            moved = np.where(
                own,
                numbers - LOCAL + self.next_number,
                self._numbers[np.where(own, 0, numbers - SHARED)] if len(self._numbers) else 0,
            )
            data[window] = moved.astype("<u4").view(np.uint8).reshape(-1, 4)
        if not self._shared:
            self._share(pickler.memo.copy())
        self.next_number += count
        return data.tobytes(), starts

    def _share(self, memo: dict) -> None:
        found = [(number, value) for number, value in memo.values() if number >= LOCAL and is_shared(value)]
        found = found[: LOCAL - SHARED]
        self._shared = {id(value): (SHARED + place, value) for place, (_, value) in enumerate(found)}
        self._numbers = np.array([number - LOCAL + self.next_number for number, _ in found], np.uint32)

    def _places(self, program: bytes, index: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Where the memo numbers of LONG_BINGET lie, where opcodes begin, how many objects are memoised."""
        for fixed, varying, gets, starts, count in self._known.get(len(program), ()):
            data = np.frombuffer(program, np.uint8).copy()
            data[varying] = 0
            if data.tobytes() == fixed:
                return gets, starts, count
        gets, starts, varying, count = [], [], [], 0
        for opcode, argument, place in pickletools.genops(program + b"."):
            starts.append(place)
            count += opcode.name == "MEMOIZE"
            if opcode.name == "LONG_BINGET":
                gets.append(place + 1)
                varying.extend(range(place + 1, place + 5))
            elif opcode.name == "BINFLOAT":
                varying.extend(range(place + 1, place + 9))
            elif opcode.name == "SHORT_BINBYTES" and len(argument) == 8:
                varying.extend(range(place + 2, place + 10))
            elif opcode.name == "SHORT_BINUNICODE" and (argument.startswith("|") or argument.count(":") == 4):
                varying.extend(range(place + 2, place + 2 + len(argument)))
            elif opcode.name in ("BININT1", "BININT2") and argument == index:
                varying.extend(range(place + 1, place + (2 if opcode.name == "BININT1" else 3)))
            elif opcode.name == "BINGET":
                raise AssertionError("a short reference")
        gets, starts, varying = np.array(gets, np.intp), np.array(starts[:-1], np.intp), np.array(varying, np.intp)
        data = np.frombuffer(program, np.uint8).copy()
        data[varying] = 0
        self._known.setdefault(len(program), []).append((data.tobytes(), varying, gets, starts, count))
        return gets, starts, count


def is_shared(value: object) -> bool:
    return (type(value) is str and sys.intern(value) is value) or isinstance(value, (type, np.dtype)) or callable(value)


def deframed(data: bytes) -> bytes:
    parts, place = [data[:2]], 2
    while data[place : place + 1] == b"\x95":
        end = place + 9 + int.from_bytes(data[place + 1 : place + 9], "little")
        parts.append(data[place + 9 : end])
        place = end
    return b"".join(parts) + data[place:]


class Frames:
    """Writes opcodes in frames of about 64 KiB that end between opcodes."""

    def __init__(self, file) -> None:
        self._file = file
        self._pending = bytearray()

    def write(self, opcodes: bytes, starts: np.ndarray | None = None) -> None:
        starts = np.array([0]) if starts is None else starts
        begin = 0
        while len(self._pending) + len(opcodes) - begin >= FRAME:
            following = starts[np.searchsorted(starts, begin + FRAME - len(self._pending)) :]
            if not len(following):
                break
            cut = int(following[0])
            self._pending += opcodes[begin:cut]
            self.flush()
            begin = cut
        self._pending += opcodes[begin:]

    def flush(self) -> None:
        self._file.write(b"\x95" + len(self._pending).to_bytes(8, "little") + self._pending)
        self._pending.clear()


def write(strings: list[str], records: Iterable[tuple[int, bytes]], file: BinaryIO) -> None:
    """Write the pickle of records, given by their numbers as pickles of their own."""
    head = deframed(pickle.dumps({"meta_archs": strings, "total_archs": len(strings), "arch2infos": {0: {}, 1: {}}}, 4))
    end = head.index(b"\x8c\x0aarch2infos\x94}\x94") + len(b"\x8c\x0aarch2infos\x94}\x94")
    file.write(head[:2])
    frames = Frames(file)
    opening = head[2:end]
    frames.write(opening, np.array([place for op, _, place in pickletools.genops(head) if 2 <= place < end]) - 2)
    body = Body(sum(op.name == "MEMOIZE" for op, _, place in pickletools.genops(head) if place < end))
    indices = set()
    for place, (index, record) in enumerate(records):
        if place % BATCH == 0:
            frames.write(b"u(" if place else b"(", np.arange(2 if place else 1))
        frames.write(deframed(pickle.dumps(index, 4))[2:-1])
        frames.write(*body.opcodes(index, interned(pickle.loads(record))))
        indices.add(index)
    frames.write(b"u")
    tail = deframed(pickle.dumps(["evaluated_indexes", indices], 4))[2:-1]
    tail = tail.removeprefix(b"]\x94(").removesuffix(b"e")
    frames.write(tail)
    frames.write(b"u.", np.array([0, 1]))
    frames.flush()


def write_folder(folder: Path, file: BinaryIO, count: int | None = None) -> None:
    """Write the pickle of all (or the first ``count``) records of a ``-simple`` folder."""
    meta = pickle.loads(bz2.decompress((folder / "meta.pickle.pbz2").read_bytes()))
    paths = sorted(folder.glob("[0-9]*.pickle.pbz2"))[:count]
    records = ((int(path.name[:6]), bz2.decompress(path.read_bytes())) for path in paths)
    write(meta["meta_archs"][: len(paths)], records, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--plain", action="store_true", help="without bz2")
    options = parser.parse_args()
    opener = open if options.plain else bz2.open
    with opener(options.out, "wb") as file:
        write_folder(options.folder, file, options.count)


if __name__ == "__main__":
    main()
