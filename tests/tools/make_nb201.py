"""Write a synthetic NAS-Bench-201 ``.pth`` in the layout of ``torch.save``, up to full size, in bounded memory.

Some architectures are drawn by the model of training; every architecture then is one of them with its own string and index, and with
accuracies and losses of its own. The file is one pickle with one memo, as the published ones are, and torch is not needed. Sizes, keys,
types and entropy follow the official files so that time, memory and disk use can be measured. Never quote its numbers as results.

usage: python -m tests.tools.make_nb201 OUT.pth [--count 15625] [--container legacy|zip] [--seed 0]
"""

from __future__ import annotations

import argparse
import io
import pickle
import pickletools
import struct
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from nbframes.spaces import tss
from nbframes.synthetic.nats import TSS, tss_subjects
from nbframes.synthetic.nats_record import DATASETS, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

HEAD = (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True})
DRAWN = 32
"""Architectures that are drawn, at most; the others vary them."""
BATCH = 1000
SHARED, LOCAL = 256, 1024
"""Memo numbers of shared objects, and of an architecture's own ones, begin here before they are moved: all take four bytes."""
_TEXT = b"X"
_PROTOCOL = 2


class Template(NamedTuple):
    """The pickled record of a drawn architecture, without index and string, and where its numbers lie in it."""

    parts: list[bytes]
    """What stands between the places of its index and its string."""
    own: list[str]
    """Which of the two stands behind each part but the last."""
    program: NDArray[np.uint8]
    """The parts in one."""
    floats: NDArray[np.intp]
    """Where the floats lie."""
    images: NDArray[np.int64]
    """Images that an accuracy counts, 0 for other numbers."""
    losses: NDArray[np.bool_]
    numbers: NDArray[np.intp]
    """Where numbers of the memo lie."""
    memoised: int


def kinds_of(value: Any, images: int = 0, *, loss: bool = False) -> Iterator[tuple[int, bool]]:
    """Of every float of a record, in the order in which it is pickled: images that it counts, whether it is a loss."""
    if type(value) is float:
        yield images, loss
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from kinds_of(item, _images(value, key, images), loss="loss" in str(key) or loss)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from kinds_of(item, images, loss=loss)


def _images(owner: dict[Any, Any], key: Any, images: int) -> int:
    name = owner.get("name")
    if key in ("train_acc1es", "train_acc5es"):
        return DATASETS[name].train
    if key == "eval_acc1es":
        return -(list(DATASETS).index(name) + 1)  # the sets stand in the keys below
    if images < 0 and isinstance(key, str) and "@" in key:
        return list(DATASETS.values())[-images - 1].sets[key.partition("@")[0]]
    return images


class Body:
    """Pickles records one at a time as parts of one pickle whose memo counts on from a number."""

    def __init__(self, next_number: int) -> None:
        self.next_number = next_number
        self._fillers = [object() for _ in range(LOCAL)]
        self._shared: dict[int, tuple[int, object]] = {}
        self._places = np.empty(0, np.uint32)

    def first(self, states: Any) -> bytes:
        """Pickle a record that brings along what all others share."""
        program, memo = self._dumped(states)
        found = [(number, value) for number, value in memo.values() if number >= LOCAL and _is_shared(value)]
        template = self._template(program, states)
        written = self._moved(template, template.program.copy(), self.next_number)
        self._shared = {id(value): (SHARED + place, value) for place, (_, value) in enumerate(found)}
        self._places = np.array([number - LOCAL + self.next_number for number, _ in found], np.uint32)
        self.next_number += template.memoised
        return _joined(template, written, states)

    def template(self, states: Any) -> Template:
        """Template of a record that comes after the first."""
        return self._template(self._dumped(states)[0], states)

    def varied(self, template: Template, index: int, text: str, rng: np.random.Generator) -> bytes:
        """Pickle an architecture that varies a template."""
        data = template.program.copy()
        window = template.floats[:, None] + np.arange(8)
        values = data[window].view(">f8").ravel().astype(np.float64)
        level = rng.normal(1, 0.02)
        counted = template.images > 0
        images = np.where(counted, template.images, 1)
        count = np.rint(values * level / 100 * images) + rng.integers(-images // 200, images // 200 + 1)
        values = np.where(counted, np.clip(count, 1, images) / images * 100, values)
        values = np.where(template.losses, np.abs(values / level + rng.normal(0, 0.02, len(values))), values)
        data[window] = values.astype(">f8").view(np.uint8).reshape(-1, 8)
        written = self._moved(template, data, self.next_number)
        self.next_number += template.memoised
        return _joined(template, written, {"full": {"arch_index": index, "arch_str": text}})

    def _dumped(self, states: Any) -> tuple[bytes, dict[int, tuple[int, object]]]:
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, _PROTOCOL)
        fillers = {id(filler): (0, filler) for filler in self._fillers[: LOCAL - len(self._shared)]}
        pickler.memo = {**self._shared, **fillers}  # a pickler counts on from the size of its memo
        pickler.dump(states)
        return buffer.getvalue()[2:-1], pickler.memo.copy()

    def _template(self, program: bytes, states: Any) -> Template:
        state = next(iter(states.values()))
        own = {state["arch_str"]: "text"}
        floats, numbers, holes, names, memoised, key = [], [], [], {}, 0, None
        for opcode, argument, place in pickletools.genops(program + b"."):
            if place == len(program):
                break
            if opcode.name == "BINFLOAT":
                floats.append(place + 1)
            elif opcode.name in ("LONG_BINPUT", "LONG_BINGET"):
                numbers.append(place + 1)
                memoised += opcode.name == "LONG_BINPUT"
            elif opcode.name in ("BINGET", "BINPUT"):
                numbers.append(-place - 1)
            elif opcode.name == "BINUNICODE" and argument in own:
                holes.append((place, place + 5 + len(argument), "text"))
            elif key == "arch_index" and isinstance(argument, int) and opcode.name.startswith("BININT"):
                holes.append((place, place + len(_integer(argument)), "index"))
            if opcode.name == "LONG_BINPUT":
                names[argument] = key
            elif not opcode.name.endswith("PUT"):
                key = names.get(argument) if opcode.name == "LONG_BINGET" else argument
        if any(number < 0 for number in numbers):
            msg = "a memo number of one byte"
            raise AssertionError(msg)
        edges = [0, *(edge for start, stop, _ in holes for edge in (start, stop)), len(program)]
        parts = [program[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
        kept = np.concatenate([np.arange(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)])
        kinds = np.array(list(kinds_of(states)))
        found = np.searchsorted(kept, floats)
        if len(kinds) != len(found):
            msg = "floats that are pickled once and used twice"
            raise AssertionError(msg)
        joined = np.frombuffer(b"".join(parts), np.uint8)
        where = np.searchsorted(kept, numbers)
        own_kinds = [kind for _, _, kind in holes]
        return Template(parts, own_kinds, joined, found, kinds[:, 0], kinds[:, 1] > 0, where, memoised)

    def _moved(self, template: Template, data: NDArray[np.uint8], base: int) -> NDArray[np.uint8]:
        window = template.numbers[:, None] + np.arange(4)
        numbers = data[window].view("<u4").ravel()
        local = numbers >= LOCAL
        shared = self._places[np.where(local, 0, numbers - SHARED)] if len(self._places) else numbers
        data[window] = np.where(local, numbers - LOCAL + base, shared).astype("<u4").view(np.uint8).reshape(-1, 4)
        return data


def _is_shared(value: object) -> bool:
    return isinstance(value, (type, np.dtype)) or callable(value) or (type(value) is str and value == "latin1")


def _integer(number: int) -> bytes:
    return pickle.dumps(number, _PROTOCOL)[2:-1]


def _put(number: int) -> bytes:
    return b"r" + struct.pack("<I", number) if number > 255 else b"q" + bytes([number])


def _text(text: str) -> bytes:
    raw = text.encode()
    return _TEXT + struct.pack("<I", len(raw)) + raw


def _joined(template: Template, written: NDArray[np.uint8], states: Any) -> bytes:
    state = next(iter(states.values()))
    own = {"index": _integer(state["arch_index"]), "text": _text(state["arch_str"])}
    raw, parts, start = written.tobytes(), [], 0
    for part, kind in zip(template.parts, [*template.own, None], strict=True):
        parts.append(raw[start : start + len(part)])
        start += len(part)
        if kind is not None:
            parts.append(own[kind])
    return b"".join(parts)


def states_of(subject: Any, seed: int) -> dict[str, Any]:
    """Both schedules of an architecture, whose objects are its own as if they came from a file of their own."""
    found = pickle.loads(pickle.dumps(record(subject, TSS, seed), _PROTOCOL))
    return {"full": found["200"], "less": found["12"]}


def write_object(write: Callable[[bytes], object], count: int, seed: int) -> None:
    """Write the pickle of the benchmark."""
    rng = np.random.default_rng(seed)
    indices = list(range(count))
    strings = tss.from_index(pl.Series(indices)).to_list()
    before = pickle.dumps({"meta_archs": strings, "total_archs": count, "arch2infos": {0: {}, 1: {}}}, _PROTOCOL)
    opening = before[: before.index(_text("arch2infos"))]
    numbered = sum("PUT" in opcode.name for opcode, _, _ in pickletools.genops(before[: len(opening)] + b"."))
    write(opening + _text("arch2infos") + _put(numbered) + b"}" + _put(numbered + 1))
    body = Body(numbered + 2)
    drawn = [states_of(subject, seed) for subject in tss_subjects(max(2, min(DRAWN, count // 8)), seed)]
    templates: list[Template] = []
    for index, text in zip(indices, strings, strict=True):
        if index % BATCH == 0:
            write(b"u(" if index else b"(")
        if not index:
            first = drawn[0]
            for state in first.values():
                state["arch_str"], state["arch_index"] = text, index
            for state in first.values():
                for result in state["all_results"].values():
                    result["arch_config"]["arch_str"] = text
            write(_integer(index) + body.first(first))
            templates = [body.template(states) for states in drawn]
        else:
            write(_integer(index) + body.varied(templates[index % len(templates)], index, text, rng))
    write(b"u")
    tail = pickle.dumps(["evaluated_indexes", indices], _PROTOCOL)
    write(_renumbered(tail, body.next_number))
    write(b"u.")


def _renumbered(tail: bytes, base: int) -> bytes:
    """Key and value of the last item, out of the pickled list of both (object 0), with memo numbers that count on."""
    parts, start = [], 0
    places = [(op.name, arg, place) for op, arg, place in pickletools.genops(tail)]
    for (name, argument, place), (_, _, following) in zip(places, [*places[1:], ("", 0, len(tail))], strict=True):
        if "PUT" in name:
            parts.append(tail[start:place] + _put(max(base + argument - 1, 0)))
            start = following
    whole = b"".join([*parts, tail[start:]])
    return whole[whole.index(b"(") + 1 : -2]


@contextmanager
def legacy(path: Path) -> Iterator[IO[bytes]]:
    """Open the stream of five pickles; a published file has no storages behind them."""
    with path.open("wb") as file:
        for part in HEAD:
            pickle.dump(part, file, _PROTOCOL)
        yield file
        pickle.dump([], file, _PROTOCOL)


@contextmanager
def zipped(path: Path) -> Iterator[IO[bytes]]:
    """Open the object inside of torch's zip, whose members are stored uncompressed."""
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("archive/data.pkl", "w", force_zip64=True) as file:
            yield file
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/version", "3\n")


CONTAINERS = {"legacy": legacy, "zip": zipped}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=15_625, help="architectures, at most 15,625")
    parser.add_argument("--container", choices=CONTAINERS, default="legacy")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with CONTAINERS[options.container](options.out) as file:
        write_object(file.write, options.count, options.seed)


if __name__ == "__main__":
    main()
