"""The opcodes that write out a value."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from nbframes.export.containers.pickles.input import Input

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_INT: Final = 1 << 10
_FLOAT = struct.Struct(">d").unpack_from


class Values(Input):
    """A stack, and the opcodes that put a value on it."""

    def __init__(self, read: Callable[[int], bytes], where: str) -> None:
        super().__init__(read, where)
        self._stack: list[Any] = []

    def _none(self) -> None:
        self._stack.append(None)

    def _true(self) -> None:
        self._stack.append(True)

    def _false(self) -> None:
        self._stack.append(False)

    def _int1(self) -> None:
        self._stack.append(self._take(1)[0])

    def _int2(self) -> None:
        self._stack.append(self._unsigned(2))

    def _int4(self) -> None:
        self._stack.append(int.from_bytes(self._take(4), "little", signed=True))

    def _long1(self) -> None:
        self._stack.append(int.from_bytes(self._take(self._take(1)[0]), "little", signed=True))

    def _long4(self) -> None:
        size = self._unsigned(4)
        if size > _LONGEST_INT:
            self._broken(f"it claims an integer of {size} bytes")
        self._stack.append(int.from_bytes(self._take(size), "little", signed=True))

    def _float(self) -> None:
        self._stack.append(_FLOAT(self._take(8))[0])

    def _text1(self) -> None:
        self._text(self._take(1)[0])

    def _text4(self) -> None:
        self._text(self._unsigned(4))

    def _text8(self) -> None:
        self._text(self._unsigned(8))

    def _text(self, size: int) -> None:
        self._stack.append(self._take(size).decode("utf-8", "surrogatepass"))

    def _bytes1(self) -> None:
        self._stack.append(self._take(self._take(1)[0]))

    def _bytes4(self) -> None:
        self._stack.append(self._take(self._unsigned(4)))

    def _bytes8(self) -> None:
        self._stack.append(self._take(self._unsigned(8)))

    def _bytearray8(self) -> None:
        self._stack.append(bytearray(self._take(self._unsigned(8))))
