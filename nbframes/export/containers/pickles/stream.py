"""A pickle machine that hands over the items of one huge container as soon as they are complete, and forgets them."""

from __future__ import annotations

from typing import Any, Final

from nbframes.export.containers.pickles.globals import checked_key
from nbframes.export.containers.pickles.machine import Item, Machine
from nbframes.export.containers.pickles.runs import NumberDict, expanded

_BATCH: Final = 1000


class StreamMachine(Machine):
    """Executes one pickled dict and yields the items of the dict or list that stands under ``key``."""

    def __init__(self, *args: Any, key: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._key = key
        self._depth = 0
        self._count = 0

    def _mark(self) -> None:
        depth = len(self._frames)
        if depth == self._depth > 0:
            self._hand_over(partly=True)
        elif self._fills_streamed():
            if not self._depth:
                self._memo.pin()
            self._depth = depth + 1
        super()._mark()

    def _closed(self) -> list[Any]:
        if len(self._frames) == self._depth > 0:
            self._hand_over(partly=False)
            self._depth = 0
        return super()._closed()

    def _add_to_list(self, values: list[Any]) -> None:
        if values and self._fills_streamed():
            self._finish(self._count, values[0])
        else:
            super()._add_to_list(values)

    def _set_items(self, items: list[Any]) -> None:
        if items and self._fills_streamed():
            key, value = items
            self._finish(key, value)
        else:
            super()._set_items(items)

    def _fills_streamed(self) -> bool:
        """Whether the container on top of the stack is the one whose items are yielded."""
        stack = self._stack
        return self._key is not None and len(self._frames) < 2 <= len(stack) and _is_text(stack[-2], self._key)

    def _hand_over(self, *, partly: bool) -> None:
        """Finish the complete items on the stack; ``partly`` leaves those that are, or may be, still being built."""
        in_list = type(self._frames[-1][-1]) is list
        width = 1 if in_list else 2
        items = self._stack if partly else expanded(self._stack)
        done = _complete(items, width) if partly else len(items)
        if done % width:
            self._broken("a dict has a key without a value")
        for start in range(0, done, width):
            key = self._count if in_list else checked_key(items[start])
            self._ready.append(Item(key, items[start + width - 1]))
            self._count += 1
        self._stack = items[done:]
        if done:
            self._memo.forget(self._stack)

    def _finish(self, key: Any, value: Any) -> None:
        """Finish the one item that SETITEM or APPEND adds."""
        self._ready.append(Item(checked_key(key), value))
        self._count += 1
        self._memo.forget(())


def _complete(items: list[Any], width: int) -> int:
    """Number of stack places that hold complete items for certain.

    A container on the stack may wait for what stands above it: a dict with a single item is filled after that item, without a MARK.
    But picklers fill containers in batches of a thousand, so one whose last batch is not full is complete, and once anything stands
    above a complete container, nothing below waits for it.
    """
    for place in range((len(items) - 1) // width * width - 1, 0 if width == 2 else -1, -width):
        if isinstance(items[place], (dict, list)) and _size(items[place]) % _BATCH:
            return place + 1
    return 0


def _size(container: Any) -> int:
    return len(container) + (sum(len(run.keys) for run in container.runs) if type(container) is NumberDict else 0)


def _is_text(value: Any, text: str) -> bool:
    """Whether ``value`` is that very text; comparing anything else with it might not even give a bool."""
    return type(value) is str and value == text
