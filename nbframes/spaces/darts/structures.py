"""Single architectures as structures: this package's and other packages' genotypes, and NASLib's compact form."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np

from nbframes.spaces.darts.definition import NODES, OPERATIONS, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl
    from numpy.typing import NDArray

_CONCATENATED: Final = list(range(NODES[0], NODES[-1] + 1))
_PAIRS: Final = 16
_PAIR: Final = r"\(\d,\d\)"


class Genotype(NamedTuple):
    """One architecture: eight ``(operation, input)`` pairs per cell, two per intermediate node in order.

    Like the genotype of the DARTS code it has ``normal``, ``normal_concat``, ``reduce`` and ``reduce_concat``.

    Parameters
    ----------
    normal, reduce
        Pairs of the normal and of the reduction cell. Input 0 is the output of the cell before the previous one, input 1
        that of the previous cell, inputs 2 to 4 are nodes of the cell itself.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = tuple((operation, k) for node in range(4) for k, operation in enumerate(["skip_connect", "sep_conv_3x3"]))
    >>> nbf.spaces.darts.format(nbf.spaces.darts.Genotype(cell, cell))[:29]
    'skip_connect~0 sep_conv_3x3~1'
    """

    normal: tuple[tuple[str, int], ...]
    reduce: tuple[tuple[str, int], ...]

    @property
    def normal_concat(self) -> range:
        """Nodes whose outputs the normal cell concatenates: all intermediate ones."""
        return range(NODES[0], NODES[-1] + 1)

    @property
    def reduce_concat(self) -> range:
        """Nodes whose outputs the reduction cell concatenates: all intermediate ones."""
        return self.normal_concat


class ForeignGenotype(Protocol):
    """What the genotypes of the DARTS code and its descendants have; both ``concat`` are 2, 3, 4 and 5 here."""

    @property
    def normal(self) -> Sequence[tuple[str, int]]:
        """Pairs of the normal cell."""

    @property
    def normal_concat(self) -> Iterable[int]:
        """Nodes that make the output of the normal cell."""

    @property
    def reduce(self) -> Sequence[tuple[str, int]]:
        """Pairs of the reduction cell."""

    @property
    def reduce_concat(self) -> Iterable[int]:
        """Nodes that make the output of the reduction cell."""


Compact: TypeAlias = tuple[Any, Any]
"""NASLib's compact form: for each cell eight pairs of an input and the number of an operation in `OPERATIONS`."""
Structure: TypeAlias = Genotype | ForeignGenotype | Compact
Architecture: TypeAlias = str | Structure


def from_structure(x: Any) -> tuple[list[int], list[int]] | None:
    """Codes of the operations and inputs of a structure, `UNREADABLE` where they are none; nothing of another type."""
    if hasattr(x, "normal") and hasattr(x, "reduce"):
        concats = [getattr(x, f"{cell}_concat", _CONCATENATED) for cell in ("normal", "reduce")]
        cells = [x.normal, x.reduce] if all(sorted(concat) == _CONCATENATED for concat in concats) else []
        return _codes(cells, numbered=False)
    if isinstance(x, tuple | list) and len(x) == 2 and not any(isinstance(cell, str) for cell in x):
        return _codes(x, numbered=True)
    return None


def compact_texts(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Codes of operations and inputs, each of shape (n, 16), of NASLib's compact form written as text."""
    shape = rf"^\(\({_PAIR}(,{_PAIR}){{7}}\),\({_PAIR}(,{_PAIR}){{7}}\)\)$"
    plain = texts.str.replace_all(r"\s", "")
    digits = plain.str.extract_all(r"\d").list.join("")
    codes = np.full((len(texts), _PAIRS, 2), UNREADABLE, np.uint8)
    for row in plain.str.contains(shape).arg_true():
        codes[row] = np.reshape([int(digit) for digit in digits[row]], (_PAIRS, 2))
    return codes[:, :, 1], codes[:, :, 0]


def _codes(cells: Any, *, numbered: bool) -> tuple[list[int], list[int]]:
    """Codes of two cells of (operation, input) pairs, or of (input, number of the operation) pairs."""
    try:
        pairs = [(first, second) for cell in cells for first, second in cell]
        sizes = [len(cell) for cell in cells]
    except (TypeError, ValueError):
        sizes, pairs = [], []
    if sizes != [8, 8]:
        return [UNREADABLE] * _PAIRS, [UNREADABLE] * _PAIRS
    if numbered:
        return [_digit(op) for _, op in pairs], [_digit(node) for node, _ in pairs]
    known = {operation: code for code, operation in enumerate(OPERATIONS)}
    return [known.get(str(op), UNREADABLE) for op, _ in pairs], [_digit(node) for _, node in pairs]


def _digit(x: Any) -> int:
    try:
        number = index(x)
    except TypeError:
        return UNREADABLE
    return number if 0 <= number <= 9 else UNREADABLE
