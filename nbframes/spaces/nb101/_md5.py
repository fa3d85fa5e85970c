"""MD5 (RFC 1321) of many messages of one length at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Word = NDArray[np.uint32]

_MASK: Final = 0xFFFFFFFF
_START: Final = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_SINES: Final = tuple(int(abs(math.sin(step + 1)) * 2**32) for step in range(64))
_ROTATIONS: Final = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
_ORDERS: Final = ((1, 0), (5, 1), (3, 5), (7, 0))
"""Factor and offset of the order in which each round takes the sixteen words."""
_HEXADECIMAL: Final = np.frombuffer(
    b"".join(b"%02x%02x" % (low, high) for high in range(256) for low in range(256)), "<u4"
).astype(np.uint32)
"""The four characters of two bytes, low byte first, as a word; by the two bytes as a number."""


class Messages:
    """Messages that differ in some words only: little-endian words, each an array over the messages or a constant."""

    def __init__(self) -> None:
        self._length = 0
        self._words: list[Any] = []

    def text(self, text: str) -> None:
        """Append the same ASCII characters to all messages."""
        for character in text.encode("ascii"):
            self._append(character, 1)

    def words(self, words: Iterable[Word]) -> None:
        """Append words of four characters."""
        for word in words:
            self._append(word, 4)

    def digests(self) -> list[Word]:
        """Return the four words of the digest of every message."""
        length = self._length
        self._append(0x80, 1)
        whole = -(-(length + 9) // 64) * 16
        padding = [0] * (whole - 2 - len(self._words))
        return _digests([*self._words, *padding, 8 * length & _MASK, 8 * length >> 32])

    def _append(self, value: Any, size: int) -> None:
        """Append the lowest bytes of a word, which may be an array or the same for all."""
        index, shift = divmod(self._length, 4)
        self._length += size
        if not shift:
            self._words.append(value)
            return
        self._words[index] |= value << 8 * shift
        if shift + size > 4:
            self._words.append(value >> (32 - 8 * shift))


def to_hexadecimal(digests: Iterable[Word]) -> list[Word]:
    """Return the hexadecimal text of digests, as words of four characters."""
    return [_HEXADECIMAL[half] for word in digests for half in (word & 0xFFFF, word >> 16)]


def _digests(words: list[Word | int]) -> list[Word]:
    count = next(len(word) for word in words if not isinstance(word, int))
    state = [np.full(count, start, np.uint32) for start in _START]
    for block in range(0, len(words), 16):
        _mix(state, words[block : block + 16])
    return state


def _mix(state: list[Word], words: list[Word | int]) -> None:
    """Mix one block of sixteen words into the state, in place."""
    a, b, c, d = (word.copy() for word in state)
    t = np.empty_like(a)
    for step in range(64):
        turn = step // 16
        if turn == 0:
            np.bitwise_xor(c, d, out=t)
            np.bitwise_and(t, b, out=t)
            np.bitwise_xor(t, d, out=t)
        elif turn == 1:
            np.bitwise_xor(b, c, out=t)
            np.bitwise_and(t, d, out=t)
            np.bitwise_xor(t, c, out=t)
        elif turn == 2:
            np.bitwise_xor(b, c, out=t)
            np.bitwise_xor(t, d, out=t)
        else:
            np.bitwise_not(d, out=t)
            np.bitwise_or(t, b, out=t)
            np.bitwise_xor(t, c, out=t)
        factor, offset = _ORDERS[turn]
        word, constant = words[(factor * step + offset) % 16], _SINES[step]
        if isinstance(word, int):
            constant = (constant + word) & _MASK
        else:
            np.add(a, word, out=a)
        np.add(a, t, out=a)
        np.add(a, np.uint32(constant), out=a)
        rotation = _ROTATIONS[turn][step % 4]
        np.left_shift(a, np.uint32(rotation), out=t)
        np.right_shift(a, np.uint32(32 - rotation), out=a)
        np.bitwise_or(a, t, out=a)
        np.add(a, b, out=a)
        a, b, c, d = d, a, b, c
    for total, word in zip(state, (a, b, c, d), strict=True):
        np.add(total, word, out=total)
