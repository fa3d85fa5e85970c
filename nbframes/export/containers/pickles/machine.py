"""A pickle machine that can build plain data and nothing else.

It executes the opcodes of protocols 2 to 5 one by one. There is no opcode here that imports a module, calls an arbitrary object or
sets attributes: a global must be on the allow-list before it even reaches the stack, and what stands on the list is a function of
ours. Nesting costs no recursion, and a length field claims no memory before its bytes have been read.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.export import limits
from nbframes.export.containers.pickles.globals import ALLOWED, Global, build, checked_key
from nbframes.export.containers.pickles.memo import Memo
from nbframes.export.containers.pickles.opcodes import OPERATIONS
from nbframes.export.containers.pickles.runs import (
    NumberDict,
    Run,
    TextRuns,
    check_keys,
    expanded,
    finished_pairs,
    float_run,
    paired,
    regular_run,
)
from nbframes.export.containers.pickles.values import Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

_KNOWN_KEYS: Final = 1 << 10
_UNWATCHED: Final = 64
"""Opcodes between two looks at the clock."""

_BROKEN = (IndexError, KeyError, TypeError, ValueError, OverflowError, AttributeError, struct.error, RecursionError)


class Item(NamedTuple):
    """A finished item of the container that is read as a stream: its key (in a list its position) and its value."""

    key: Any
    value: Any


class Machine(Values):
    """Executes one pickle.

    Parameters
    ----------
    read : callable
        Returns at most the asked number of bytes, none at the end.
    where : str
        Name of the file and the record for messages.
    allowed : mapping
        Globals that may be named, by (module, name).
    persistent : callable, optional
        Turns persistent ids into objects; without it they are refused.
    numbers : bool
        Make every dict a `NumberDict`.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        where: str,
        *,
        allowed: Mapping[tuple[str, str], Global] = ALLOWED,
        persistent: Callable[[Any], Any] | None = None,
        numbers: bool = False,
    ) -> None:
        super().__init__(read, where)
        self._allowed = allowed
        self._persistent = persistent
        self._dict: Callable[[], dict[Any, Any]] = NumberDict if numbers else dict
        self._frames: list[list[Any]] = []
        self._memo = Memo()
        self._text_runs = TextRuns()
        self._known_keys: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._ready: list[Item] = []
        self._most_items = limits.current().record_items
        self._deepest = limits.current().nesting
        self._watch = limits.Watch()

    def run(self) -> Iterator[Item]:
        """Execute the pickle up to STOP, yielding the items that a `StreamMachine` finishes; `result` then has the object."""
        operations = [getattr(self, OPERATIONS.get(code, "_unknown")) for code in range(256)]
        try:
            self._protocol()
            stopped = False
            while not stopped:
                stopped = self._execute(operations)
                yield from self._ready
                self._ready.clear()
            self._check_frame()
            if len(self._stack) != 1 or self._frames:
                self._broken("it ends with an unfinished object")
        except _BROKEN as error:
            self._broken(str(error) or type(error).__name__, error)

    def _execute(self, operations: list[Callable[[], None]]) -> bool:
        """Execute opcodes until items are ready; say whether STOP was among them."""
        self._watch.start()
        left = self._most_items
        while True:
            count = min(left, _UNWATCHED)
            left -= count
            for _ in repeat(None, count):
                if self._pos >= len(self._data):
                    self._fill(1)
                code = self._data[self._pos]
                self._pos += 1
                if code == 0x2E:  # STOP
                    return True
                operations[code]()
                if self._ready:
                    self._allow_more()
                    return False
            self._watch.check(self._where)
            if not left:
                self._broken(limits.exceeded("record_items", "one record holds more values"))

    @property
    def result(self) -> Any:
        """The object, after `run`."""
        return self._stack[0]

    def partial(self) -> Any:
        """What a pickle that was cut off had built so far: unfinished dicts and lists hold the items read by then."""
        frames = [*self._frames, self._stack]
        for below, items in zip(reversed(frames[:-1]), reversed(frames[1:]), strict=True):
            target = below[-1] if below else None
            loose = expanded(items)
            if isinstance(target, list):
                target.extend(loose)
            elif isinstance(target, dict):
                target.update(finished_pairs(loose))
        bottom = frames[0]
        if len(bottom) > 2 and isinstance(bottom[0], dict):
            bottom[0][checked_key(bottom[1])] = bottom[2]
        return bottom[0] if bottom else None

    def _protocol(self) -> None:
        self._fill(2)
        if self._data[0] != 0x80 or not 2 <= self._data[1] <= 5:
            self._broken("it does not begin as a pickle of protocol 2 to 5")
        self._pos = 2

    # ----------------------------------------------------------- containers

    def _empty_dict(self) -> None:
        self._stack.append(self._dict())

    def _empty_list(self) -> None:
        self._stack.append([])

    def _empty_set(self) -> None:
        self._stack.append(set())

    def _empty_tuple(self) -> None:
        self._stack.append(())

    def _mark(self) -> None:
        if len(self._frames) >= self._deepest:
            self._broken(limits.exceeded("nesting", "it nests containers deeper"))
        self._frames.append(self._stack)
        self._stack = []
        self._take_runs()

    def _closed(self) -> list[Any]:
        """Items since the last MARK, which is gone then."""
        items = self._stack
        self._stack = self._frames.pop()
        return items

    def _append(self) -> None:
        value = self._stack.pop()
        self._add_to_list([value])

    def _appends(self) -> None:
        self._add_to_list(expanded(self._closed()))

    def _add_to_list(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            self._broken(f"it appends to a {type(target).__name__}")
        target.extend(values)

    def _setitem(self) -> None:
        value = self._stack.pop()
        key = self._stack.pop()
        self._set_items([key, value])

    def _setitems(self) -> None:
        self._set_items(self._closed())

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is NumberDict:
            check_keys(items)
            target.take(items)
        elif type(target) is dict or type(target) is OrderedDict:
            check_keys(items)
            target.update(paired(items))
        else:
            self._broken(f"it sets items of a {type(target).__name__}")

    def _additems(self) -> None:
        items = expanded(self._closed())
        if type(self._stack[-1]) is not set:
            self._broken(f"it adds members to a {type(self._stack[-1]).__name__}")
        self._stack[-1].update(map(checked_key, items))

    def _frozenset(self) -> None:
        items = expanded(self._closed())
        self._stack.append(frozenset(map(checked_key, items)))

    def _list(self) -> None:
        items = expanded(self._closed())
        self._stack.append(items)

    def _dict_of(self) -> None:
        items = self._closed()
        self._stack.append(self._dict())
        self._set_items(items)

    def _tuple(self) -> None:
        items = expanded(self._closed())
        self._stack.append(tuple(items))

    def _tuple1(self) -> None:
        self._stack[-1:] = [(self._stack[-1],)]

    def _tuple2(self) -> None:
        first, second = self._stack[-2:]
        self._stack[-2:] = [(first, second)]

    def _tuple3(self) -> None:
        first, second, third = self._stack[-3:]
        self._stack[-3:] = [(first, second, third)]

    # ----------------------------------------------------------- the stack

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._closed()

    def _pop_mark(self) -> None:
        self._closed()

    def _dup(self) -> None:
        self._stack.append(self._stack[-1])

    def _frame(self) -> None:
        self._unframe_from(self._unsigned(8))
        self._take_runs()

    # ------------------------------------------------------------- the memo

    def _memoize(self) -> None:
        self._memo.add(self._stack[-1])

    def _put1(self) -> None:
        self._memo.put(self._take(1)[0], self._stack[-1])

    def _put4(self) -> None:
        self._memo.put(self._unsigned(4), self._stack[-1])

    def _get1(self) -> None:
        self._stack.append(self._memo.get(self._take(1)[0]))

    def _get4(self) -> None:
        end = self._pos + 4
        if end > len(self._data):
            self._fill(4)
            end = 4
        self._stack.append(self._memo.get(int.from_bytes(self._data[self._pos : end], "little")))
        self._pos = end

    # ---------------------------------------------------- globals and calls

    def _global(self) -> None:
        module = self._line()
        self._name(module, self._line())

    def _stack_global(self) -> None:
        name = self._stack.pop()
        self._name(self._stack.pop(), name)

    def _name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            self._broken("it names a global by something that is not text")
        found = self._allowed.get((module, name))
        if found is None:
            self._unsafe(f"names the global {f'{module}.{name}'!r}, which is not among the allowed ones")
        self._stack.append(found)

    def _reduce(self) -> None:
        arguments = self._stack.pop()
        called = self._stack[-1]
        if not isinstance(called, Global):
            self._unsafe(f"calls a {type(called).__name__}")
        self._watch.check(self._where)
        if type(arguments) is not tuple:
            self._broken(f"it calls {called.name} with a {type(arguments).__name__} of arguments")
        ordered = called.name == "collections.OrderedDict" and not arguments
        self._stack[-1] = self._dict() if ordered and self._dict is NumberDict else called.build(*arguments)

    def _build(self) -> None:
        state = self._stack.pop()
        build(self._stack[-1], state)

    def _persid(self) -> None:
        self._persistent_value(self._line())

    def _binpersid(self) -> None:
        self._persistent_value(self._stack.pop())

    def _persistent_value(self, identifier: Any) -> None:
        if self._persistent is None:
            self._unsafe("refers to an object outside itself")
        self._stack.append(self._persistent(identifier))

    def _extension(self) -> None:
        self._unsafe(f"names a global by an extension code (opcode {self._data[self._pos - 1]:#x})")

    def _instance(self) -> None:
        self._unsafe(f"makes an instance of a class (opcode {self._data[self._pos - 1]:#x}{self._named()})")

    def _named(self) -> str:
        if self._data[self._pos - 1] == ord("i"):
            return f", {self._line()}.{self._line()}"
        classes = (item.name for item in self._stack if isinstance(item, Global))
        return "".join(f", {name}" for name in classes)

    def _unknown(self) -> None:
        self._broken(f"opcode {self._data[self._pos - 1]:#x} does not belong to protocols 2 to 5")

    # ------------------------------------------------- numbers and streaming

    def _take_runs(self) -> None:
        """Read the runs of numbers that begin here, if any, in one step each."""
        self._look_ahead()
        while self._pos < len(self._data):
            first = self._data[self._pos]
            if first == 0x47:
                taken = self._take_floats()
            elif first in (0x8C, 0x58):
                taken = self._take_text_run()
            else:
                taken = self._take_regular_run()
            if not taken:
                return

    def _take_floats(self) -> bool:
        floats = float_run(self._data, self._pos)
        if floats is None:
            return False
        values, self._pos = floats
        self._stack.extend(values)
        return True

    def _take_text_run(self) -> bool:
        run = self._text_runs.read(self._data, self._pos)
        if run is None:
            return False
        self._memo.add_texts(run.keys, run.first)
        self._push_run(run.keys, run.values, run.end)
        return True

    def _take_regular_run(self) -> bool:
        run = regular_run(self._data, self._pos)
        if run is None:
            return False
        self._push_run(self._memo.get_all(run.keys) if run.references else tuple(run.keys), run.values, run.end)
        return True

    def _push_run(self, keys: tuple[Any, ...], values: NDArray[np.float64], end: int) -> None:
        """Push a run as one if SETITEMS follows; any other opcode may take single values from the stack."""
        self._pos = end
        kinds = set(map(type, keys))
        if self._data[end : end + 1] == b"u" and (kinds in ({str}, {int})):
            self._stack.append(Run(keys if self._stack else self._known(keys), values))
        else:
            self._stack.extend(chain.from_iterable(zip(keys, values.tolist(), strict=True)))

    def _known(self, keys: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the tuple that the same keys of a whole dict had before: most records repeat them."""
        if len(self._known_keys) > _KNOWN_KEYS:
            self._known_keys.clear()
        return self._known_keys.setdefault(keys, keys)
