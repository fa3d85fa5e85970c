"""MD5 (RFC 1321) of many messages at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Words = NDArray[np.uint32]

_BLOCK: Final = 16
"""Words that MD5 mixes at a time."""
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
    """Messages of one length that are written side by side, each in a column of words.

    Parameters
    ----------
    words
        Zeros, shape (16 words a block, messages), the first byte of a message in the lowest bits of its first word.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._length = 0

    def text(self, text: str) -> None:
        """Append the same ASCII characters to all messages."""
        for character in text.encode("ascii"):
            index, shift = divmod(self._length, 4)
            self._words[index] |= np.uint32(character << 8 * shift)
            self._length += 1

    def words(self, words: Words) -> None:
        """Append words of four characters, shape (words, messages)."""
        index, shift = divmod(self._length, 4)
        self._length += 4 * len(words)
        if not shift:
            self._words[index : index + len(words)] = words
            return
        low, high = np.uint32(8 * shift), np.uint32(32 - 8 * shift)
        for place, word in enumerate(words, index):
            self._words[place] |= word << low
            np.right_shift(word, high, out=self._words[place + 1])

    def pad(self) -> None:
        """Write MD5's padding behind the messages."""
        length = self._length
        index, shift = divmod(length, 4)
        self._words[index] |= np.uint32(0x80 << 8 * shift)
        self._words[-2] = 8 * length


class Batch:
    """Messages that are hashed together.

    Parameters
    ----------
    groups
        How many messages there are of how many characters each, the longest first.
    """

    def __init__(self, groups: Sequence[tuple[int, int]]) -> None:
        heights = [_BLOCK * (-(-(length + 9) // 64)) for _, length in groups]
        ends = np.cumsum([count for count, _ in groups])
        self._words = np.zeros((heights[0], ends[-1]), np.uint32)
        self._active = [
            max(end for end, height in zip(ends, heights, strict=True) if height > block)
            for block in range(0, heights[0], _BLOCK)
        ]
        self.messages = [
            Messages(self._words[:height, end - count : end])
            for (count, _), height, end in zip(groups, heights, ends, strict=True)
        ]

    def digest(self) -> Words:
        """Return the digests of all messages, shape (4, messages)."""
        for messages in self.messages:
            messages.pad()
        state = np.repeat(_START[:, None], self._words.shape[1], axis=1)
        for block, active in enumerate(self._active):
            _mix(state[:, :active], self._words[_BLOCK * block :][:_BLOCK, :active])
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
