"""MD5 (RFC 1321) of many messages at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Words = NDArray[np.uint32]

_START: Final = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476], np.uint32)
_SINES: Final = tuple(np.uint32(int(abs(math.sin(step + 1)) * 2**32)) for step in range(64))
_LEFT: Final = np.array([[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]], np.uint32)
_RIGHT: Final = np.uint32(32) - _LEFT
_ORDERS: Final = ((1, 0), (5, 1), (3, 5), (7, 0))
"""Factor and offset of the order in which each round takes the sixteen words."""
_HEXADECIMAL: Final = np.frombuffer(
    b"".join(b"%02x%02x" % (low, high) for high in range(256) for low in range(256)), "<u4"
).astype(np.uint32)
"""The four characters of two bytes, low byte first, as a word; by the two bytes as a number."""


class Messages:
    """Some messages of one length, which are the same but for some words.

    They are little-endian words, each of them an array over the messages, or a number if it is the same in all.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._length = 0
        self._words: list[Any] = []

    def text(self, text: str) -> None:
        """Append the same ASCII characters to all messages."""
        for character in text.encode("ascii"):
            self._append(character, 1)

    def words(self, words: Iterable[Words]) -> None:
        """Append words of four characters."""
        for word in words:
            self._append(word, 4)

    def padded(self) -> list[Any]:
        """Return the words with MD5's padding, sixteen a block."""
        length = self._length
        self._append(0x80, 1)
        whole = -(-(length + 9) // 64) * 16
        return [*self._words, *[0] * (whole - 2 - len(self._words)), 8 * length, 0]

    def _append(self, value: Any, size: int) -> None:
        index, shift = divmod(self._length, 4)
        self._length += size
        if not shift:
            self._words.append(value)
            return
        self._words[index] |= value << 8 * shift
        if shift + size > 4:
            self._words.append(value >> (32 - 8 * shift))


def digest(parts: Sequence[Messages]) -> Words:
    """Return the digests of the messages of all parts, shape (4, messages); longer parts must come first."""
    padded = [part.padded() for part in parts]
    ends = np.cumsum([part.count for part in parts])
    words = np.empty((len(padded[0]), ends[-1]), np.uint32)
    for part, end, lines in zip(parts, ends, padded, strict=True):
        for line, word in enumerate(lines):
            words[line, end - part.count : end] = word
    state = np.repeat(_START[:, None], ends[-1], axis=1)
    for block in range(0, len(words), 16):
        active = max(end for end, lines in zip(ends, padded, strict=True) if len(lines) > block)
        _mix(state[:, :active], words[block : block + 16, :active])
    return state


def to_hexadecimal(digests: Words) -> Words:
    """Return the hexadecimal text of digests as words of four characters, shape (8, messages)."""
    return _HEXADECIMAL.take(np.stack([digests & 0xFFFF, digests >> 16], axis=1).reshape(8, -1))


def _mix(state: Words, words: Words) -> None:
    """Mix one block of sixteen words into the state, in place."""
    a, b, c, d = state.copy()
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
        np.add(a, t, out=a)
        np.add(a, words[(factor * step + offset) % 16], out=a)
        np.add(a, _SINES[step], out=a)
        np.left_shift(a, _LEFT[turn, step % 4], out=t)
        np.right_shift(a, _RIGHT[turn, step % 4], out=a)
        np.bitwise_or(a, t, out=a)
        np.add(a, b, out=a)
        a, b, c, d = d, a, b, c
    for total, word in zip(state, (a, b, c, d), strict=True):
        np.add(total, word, out=total)
