"""How architectures of a grid space are written, read, hashed and numbered."""

from __future__ import annotations

from functools import cached_property
from hashlib import md5
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, did_you_mean
from nbframes.schema import ARCHS
from nbframes.spaces.base import Column
from nbframes.spaces.grid_table import GridTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Positions = NDArray[np.intp]

A = TypeVar("A", bound=tuple[Any, ...])
"""Structure of one architecture: its choices in the order of the positions."""


class GridForms(Generic[A]):
    """The forms of a grid space's architectures; `nbframes.spaces.grid.GridSpace` adds the moves between them."""

    def __init__(
        self,
        noun: str,
        *,
        positions: Mapping[str, Sequence[Any]],
        template: str,
        order: Sequence[int] | None = None,
    ) -> None:
        self._table = GridTable(noun, positions, template, order)

    def __repr__(self) -> str:
        return f"<search space of {self.SIZE:,}: each one a {self._table.noun}>"

    @property
    def SIZE(self) -> int:  # noqa: N802  a constant of the space
        """Number of architectures."""
        return self._table.size

    @property
    def ENCODING(self) -> dict[str, Any]:  # noqa: N802  a constant of the space
        """Name and type of the encoding columns, one for each position."""
        return dict(self._table.encoding)

    @property
    def CHOICES(self) -> dict[str, tuple[Any, ...]]:  # noqa: N802  a constant of the space
        """Encoding columns, and what can stand in each."""
        return dict(self._table.choices)

    @overload
    def parse(self, x: str | A, /) -> A: ...
    @overload
    def parse(self, x: Column, /) -> pl.DataFrame: ...
    def parse(self, x: str | A | Column, /) -> A | pl.DataFrame:
        """Read upstream's strings.

        Parameters
        ----------
        x
            One string, or a column of them.

        Returns
        -------
        tuple or polars.DataFrame
            The choices of one architecture; of a column, the columns of `ENCODING`.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> sss.parse("8:16:64:32:8")
        (8, 16, 64, 32, 8)
        >>> tss.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|").op_0_3
        'skip_connect'
        """
        return self._table.frame[self._indices(x)] if isinstance(x, Column) else self._structure(x)

    @overload
    def format(self, x: str | A, /) -> str: ...
    @overload
    def format(self, x: Column, /) -> pl.Series: ...
    def format(self, x: str | A | Column, /) -> str | pl.Series:
        """Write upstream's strings: the inverse of `parse`.

        Parameters
        ----------
        x
            One architecture, or a column of them.

        Returns
        -------
        str or polars.Series
            Its string; of a column, a Series called ``arch_str``.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.format((8, 16, 64, 32, 8))
        '8:16:64:32:8'
        """
        if isinstance(x, Column):
            return self._table.strings.gather(self._indices(x))
        return self._table.template.format(*self._structure(x))

    @overload
    def is_valid(self, x: str | A, /) -> bool: ...
    @overload
    def is_valid(self, x: Column, /) -> pl.Series: ...
    def is_valid(self, x: str | A | Column, /) -> bool | pl.Series:
        """Tell which architectures belong to this space; null does not.

        Parameters
        ----------
        x
            One architecture, or a column of them.

        Returns
        -------
        bool or polars.Series
            Of a column, a Boolean Series called ``valid``.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.is_valid("8:16:72:32:8")
        False
        """
        if isinstance(x, Column):
            return self._table.find(self._known_form(x)).is_not_null().alias("valid")
        try:
            self._structure(x)
        except InvalidArchitectureError:
            return False
        return True

    def validate(self, x: str | A | Column, /) -> None:
        """Raise if something is not an architecture of this space.

        Parameters
        ----------
        x
            One architecture, or a column of them.

        Raises
        ------
        InvalidArchitectureError
            Naming the broken rule; for a column, how many rows break one, and the first of them.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.validate("8:16:72:32:8")
        Traceback (most recent call last):
        nbframes.errors.InvalidArchitectureError: '8:16:72:32:8' has '72' channels in stage 3; valid: 8, 16, 24, 32, 40, ...
        """
        self.parse(x)

    @overload
    def hash(self, x: str | A, /) -> str: ...
    @overload
    def hash(self, x: Column, /) -> pl.Series: ...
    def hash(self, x: str | A | Column, /) -> str | pl.Series:
        """Canonical hash, equal for isomorphic architectures: an MD5 in hexadecimal.

        Of upstream's string where no two architectures are isomorphic, as in the size space; in the topology space
        of ``unique_str``.

        Parameters
        ----------
        x
            One architecture, or a column of them.

        Returns
        -------
        str or polars.Series
            32 hexadecimal digits; of a column, a Series called ``hash``.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> sss.hash("8:8:8:8:8")
        'ed40188af1bcff7e14a0775ba1c79c11'
        >>> one = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
        >>> tss.hash(one) == tss.hash("|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|")
        True
        """
        return (
            self._hashes.gather(self._indices(x)) if isinstance(x, Column) else _digest(self._key(self._structure(x)))
        )

    @overload
    def index(self, x: str | A, /) -> int: ...
    @overload
    def index(self, x: Column, /) -> pl.Series: ...
    def index(self, x: str | A | Column, /) -> int | pl.Series:
        """Official index of architectures.

        In the size space ``channels // 8 - 1`` as digits of base 8, the first stage most significant. In the topology
        space the place in upstream's ``meta_archs``: the lexicographic order shuffled once, with Python's generator
        seeded with 88 [1]_.

        Parameters
        ----------
        x
            One architecture, or a column of them.

        Returns
        -------
        int or polars.Series
            Of a column, a Series called ``arch``.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.

        References
        ----------
        .. [1] ``generate_meta_info`` in ``exps/NAS-Bench-201/main.py`` of D-X-Y/AutoDL-Projects.

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> sss.index("8:8:8:16:32")
        11
        >>> tss.index("|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|")
        0
        """
        if isinstance(x, Column):
            return pl.Series("arch", self._indices(x), ARCHS["arch"])
        choices = zip(self._table.choices.values(), self._structure(x), strict=True)
        return int(
            self._table.index_of_code[np.dot([known.index(choice) for known, choice in choices], self._table.places)]
        )

    @overload
    def from_index(self, x: int, /) -> str: ...
    @overload
    def from_index(self, x: pl.Series, /) -> pl.Series: ...
    def from_index(self, x: int | pl.Series, /) -> str | pl.Series:
        """Upstream's string of official indices: the inverse of `index`.

        Parameters
        ----------
        x
            One index, or a column of them.

        Returns
        -------
        str or polars.Series
            Of a column, a Series called ``arch_str``.

        Raises
        ------
        InvalidArgumentError
            If an index is not one of the space.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.from_index(284)
        '8:8:40:32:40'
        """
        if isinstance(x, pl.Series):
            return self._table.strings.gather(self._table.check_indices(x))
        return str(self.from_index(pl.Series([x]))[0])

    def enumerate(self) -> pl.DataFrame:
        """All architectures, by index.

        Returns
        -------
        polars.DataFrame
            ``arch`` (official index), ``arch_str`` and the columns of `ENCODING`.

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> tss.enumerate().shape, sss.enumerate().shape
        ((15625, 8), (32768, 7))
        """
        index = pl.int_range(pl.len(), dtype=ARCHS["arch"]).alias("arch")
        return self._table.frame.select(index, self._table.strings, pl.all())

    def _indices(self, x: Column) -> Positions:
        return self._table.indices(self._known_form(x), self._explain)

    def _structure(self, x: Any) -> A:
        """Read one architecture."""
        if isinstance(x, tuple | list):
            x = self._table.template.format(*x) if len(x) == len(self._table.choices) else str(x)
        if not isinstance(x, str):
            msg = f"an architecture is a string, a tuple of its choices, or a column of them, not {type(x).__name__}"
            raise InvalidArgumentError(msg)
        match = self._table.pattern.fullmatch(x)
        if match is None:
            msg = f"{x!r} {self._explain(x)}"
            raise InvalidArchitectureError(msg)
        texts = zip(self._table.choices.values(), self._table.texts.values(), match.groups(), strict=True)
        return self._make(choices[known.index(text)] for choices, known, text in texts)

    def _make(self, choices: Iterable[Any]) -> A:
        """Structure of choices; a space may have one with names."""
        return cast("A", tuple(choices))

    def _known_form(self, x: Column) -> Column:
        """Column in this space's own form; a space may read others."""
        return x

    def _explain(self, text: str) -> str:
        """What is wrong with a string that is not an architecture, to follow the string in a sentence."""
        for (name, texts), given in zip(self._table.texts.items(), self._given(text), strict=False):
            if given not in texts:
                return f"has {given!r} as {name}{did_you_mean(given, texts)}; valid: {', '.join(texts)}"
        choices = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in self._table.texts.items())
        return f"is not of the form {self._table.template!r} with these choices: {choices}"

    def _given(self, text: str) -> list[str]:
        """What stands at the positions of a string of the template's form; nothing if it has another."""
        start, *pieces = self._table.template.split("{}")
        rest = text.removeprefix(start)
        found: list[str] = []
        for piece, texts in zip(pieces, self._table.texts.values(), strict=True):
            size = rest.find(piece) if piece else len(texts[0])  # without a separator all choices are of one length
            if len(found) == len(pieces) - 1:
                size = len(rest) - len(piece)
            found.append(rest[:size])
            rest = rest[size + len(piece) :]
        return found if text == self._table.template.format(*found) else []

    def _key(self, structure: A) -> str:
        """What isomorphic architectures, and only they, share."""
        return self.format(structure)

    def _keys(self) -> pl.Series:
        """Keys of all architectures, in official order."""
        return self._table.strings

    @cached_property
    def _hashes(self) -> pl.Series:
        keys = self._keys()
        different = keys.unique()
        return keys.replace_strict(different, [_digest(key) for key in different]).alias("hash")


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
