"""Search spaces that are a full grid: one choice at every position, each independent of the others."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.spaces.base import Column
from nbframes.spaces.diagram import MARGIN, Edge, Node, row
from nbframes.spaces.features import features_of, one_hot, split_by_hash
from nbframes.spaces.grid_codes import GridCodes
from nbframes.spaces.grid_forms import A, GridForms
from nbframes.spaces.random import count, generator
from nbframes.spaces.svg import PALETTE, SVG, label, picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.base import FeatureKind
    from nbframes.spaces.features import Features
    from nbframes.spaces.kinds import Array, Bools, Seed

    Positions = NDArray[np.intp]


class GridSpace(GridForms[A]):
    """A search space in which every position takes one of a few choices, whatever stands at the others.

    An architecture is a string, a tuple of its choices, or one row of the encoding columns; a column is a Series of
    strings or a frame with the encoding columns. No two architectures are isomorphic unless a subclass knows better.

    Parameters
    ----------
    noun
        What messages call one architecture.
    positions
        Name of each encoding column, and its choices: all strings or all whole numbers.
    template
        String of an architecture, with ``{}`` for each position.
    order
        Official order: for each index the number of the architecture in lexicographic order, first position most
        significant. By default the lexicographic order itself.
    ordered
        Whether the choices ascend, so that some lie next to each other.

    Raises
    ------
    InvalidArgumentError
        If template and positions do not fit each other, or the grid has more than ten million architectures.

    Examples
    --------
    >>> from nbframes.spaces import GridSpace
    >>> layers = {f"layer_{k}": ("0", "1", "2") for k in range(1, 9)}
    >>> macro = GridSpace("NAS-Bench-Macro network", positions=layers, template="{}" * 8)
    >>> macro.SIZE, macro.index("00000012"), macro.from_index(6560), len(macro.neighbours("00000000"))
    (6561, 5, '22222222', 16)
    """

    def __init__(
        self,
        noun: str,
        *,
        positions: Mapping[str, Sequence[Any]],
        template: str,
        order: Sequence[int] | None = None,
        ordered: bool = False,
    ) -> None:
        super().__init__(noun, positions=positions, template=template, order=order)
        self._ordered = ordered

    @cached_property
    def codes(self) -> GridCodes:
        """The space as arrays of integers."""
        return GridCodes(self._table, self._rows)

    def sample(self, n: int, /, *, seed: Seed = None, replace: bool = True) -> pl.DataFrame:
        """Draw architectures uniformly.

        Parameters
        ----------
        n
            How many.
        seed
            Of a generator of this call's own, or a generator to draw from.
        replace
            Whether an architecture may come twice.

        Returns
        -------
        polars.DataFrame
            ``arch_str`` and the columns of `ENCODING`.

        Raises
        ------
        InvalidArgumentError
            If ``n`` is negative, or larger than the space without replacement.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.sample(3, seed=0).columns
        ['arch_str', 'channels_1', 'channels_2', 'channels_3', 'channels_4', 'channels_5']
        """
        n = count(n, "architectures", None if replace else self.SIZE)
        drawn = generator(seed).choice(self.SIZE, n, replace=replace).astype(np.intp)
        return self._table.frame.select(self._table.strings, pl.all())[drawn]

    @overload
    def neighbours(self, x: str, /, *, adjacent: bool = ...) -> list[str]: ...
    @overload
    def neighbours(self, x: A, /, *, adjacent: bool = ...) -> list[A]: ...
    @overload
    def neighbours(self, x: Column, /, *, adjacent: bool = ...) -> pl.DataFrame: ...
    def neighbours(self, x: str | A | Column, /, *, adjacent: bool = False) -> list[str] | list[A] | pl.DataFrame:
        """All architectures that differ in one position: position by position, choices in their order.

        Parameters
        ----------
        x
            One architecture, or a column of them.
        adjacent
            Only steps to the next choice up or down (in the size space 8 channels more or less), where choices ascend.

        Returns
        -------
        list or polars.DataFrame
            Strings of a string, tuples of a tuple; of a column, ``row`` (UInt32, number of the row) and ``neighbour``
            (string). In the topology space 24 for each architecture, in the size space 35, of which 5 to 10 are adjacent.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.
        InvalidArgumentError
            If adjacent ones are asked for in a space whose choices have no order.

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> sss.neighbours("8:8:8:8:64", adjacent=True)
        ['16:8:8:8:64', '8:16:8:8:64', '8:8:16:8:64', '8:8:8:16:64', '8:8:8:8:56']
        >>> tss.neighbours("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")[0]
        '|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|'
        """
        self._refuse_order(adjacent=adjacent)
        if isinstance(x, Column):
            found, keep = self._neighbours(x, adjacent=adjacent)
            rows = np.nonzero(keep)[0].astype(np.uint32)
            return pl.DataFrame({"row": rows, "neighbour": self._table.strings.gather(found[keep])})
        edits = list(self._edits(self._structure(x), adjacent=adjacent))
        return [self.format(edit) for edit in edits] if isinstance(x, str) else edits

    @overload
    def mutate(self, x: str, /, *, seed: Seed = ..., adjacent: bool = ...) -> str: ...
    @overload
    def mutate(self, x: A, /, *, seed: Seed = ..., adjacent: bool = ...) -> A: ...
    @overload
    def mutate(self, x: pl.Series, /, *, seed: Seed = ..., adjacent: bool = ...) -> pl.Series: ...
    @overload
    def mutate(self, x: pl.DataFrame, /, *, seed: Seed = ..., adjacent: bool = ...) -> pl.DataFrame: ...
    def mutate(self, x: str | A | Column, /, *, seed: Seed = None, adjacent: bool = False) -> str | A | Column:
        """Replace each architecture by one of its `neighbours`, all equally likely.

        Parameters
        ----------
        x
            One architecture, or a column of them.
        seed
            Of a generator of this call's own, or a generator to draw from.
        adjacent
            Only steps to the next choice up or down, where choices ascend.

        Returns
        -------
        str, tuple, polars.Series or polars.DataFrame
            What was given, one mutation a row; of a frame the columns of `ENCODING`.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.
        InvalidArgumentError
            If adjacent ones are asked for in a space whose choices have no order.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.mutate("8:16:64:32:8", seed=1) in sss.neighbours("8:16:64:32:8")
        True
        """
        self._refuse_order(adjacent=adjacent)
        if isinstance(x, Column):
            found, keep = self._neighbours(x, adjacent=adjacent)
            scores = generator(seed).random(found.shape)
            scores[~keep] = -1.0
            drawn = found[np.arange(len(found)), scores.argmax(axis=1)]
            return (
                self._table.strings.gather(drawn).alias(x.name)
                if isinstance(x, pl.Series)
                else self._table.frame[drawn]
            )
        options = list(self._edits(self._structure(x), adjacent=adjacent))
        edit = options[generator(seed).integers(len(options))]
        return self.format(edit) if isinstance(x, str) else edit

    def features(self, x: str | A | Column, /, kind: FeatureKind = "one_hot") -> Array:
        """Describe architectures by numbers, for predictors of their performance.

        Parameters
        ----------
        x
            A column of architectures; or one, which gives a single row.
        kind
            ``"one_hot"``: a column for each choice at each position, 1 where it is made: 30 in the topology space, 40 in the
            size space. Only where architectures are graphs, as in the topology space, ``"adjacency"``: the operation of each
            edge as its number in ``OPERATIONS``, 0 for none, 6 columns; and ``"path"``: which sequences of operations occur
            along paths from input to output, the short ones first, 84 columns, ``none`` cuts an edge [1]_.

        Returns
        -------
        numpy.ndarray
            Shape (rows, features), uint8.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.
        UnknownNameError
            If the space has no features of that kind.

        References
        ----------
        .. [1] White et al., A Study on Encodings for Neural Architecture Search, NeurIPS 2020.

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> tss.features(tss.enumerate()).shape, tss.features(tss.enumerate(), "path").shape
        ((15625, 30), (15625, 84))
        >>> sss.features("8:16:24:32:64").reshape(5, 8)[2].tolist()
        [0, 0, 1, 0, 0, 0, 0, 0]
        """
        return features_of(kind, self._known_features(self.codes.encode(x)), self._table.noun)

    def split(self, x: Column, /, *, test: float = 0.2, seed: int = 0) -> pl.Series:
        """Split architectures into training and test set by their `hash`: isomorphic ones are always on the same side.

        Parameters
        ----------
        x
            A column of architectures.
        test
            Share of the different architectures that belong to the test set, on average.
        seed
            Whole number; another one gives another split.

        Returns
        -------
        polars.Series
            Boolean, called ``test``. An architecture is on the same side in every column that is split with this seed.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.
        InvalidArgumentError
            If ``test`` is not between 0 and 1, or ``seed`` is not a whole number.

        Examples
        --------
        >>> from nbframes.spaces import tss
        >>> cells = tss.enumerate()
        >>> test = tss.split(cells, test=0.25, seed=1)
        >>> set(tss.hash(cells.filter(test))) & set(tss.hash(cells.filter(~test)))
        set()
        """
        return split_by_hash(self.hash(x), test, seed)

    def draw(self, x: str | A, /) -> SVG:
        """Draw an architecture: a topology cell as a graph, a size network as a profile, any other as its choices in a row.

        Parameters
        ----------
        x
            One architecture.

        Returns
        -------
        SVG
            The picture: ``str()`` and ``.data`` are its text, and notebooks show it.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.draw("8:16:24:32:64").data.count("<rect")
        5
        """
        structure = self._structure(x)
        return self._picture(f"{self._table.noun} {self.format(structure)}", structure)

    def _known_features(self, digits: Array) -> dict[FeatureKind, Features]:
        return {"one_hot": lambda: one_hot(digits, self.codes.sizes)}

    def _picture(self, title: str, structure: A) -> SVG:
        names, choices = self._table.choices, zip(structure, self._table.choices.values(), strict=True)
        paints = [PALETTE[known.index(choice) % len(PALETTE)] for choice, known in choices]
        nodes = [Node(str(choice), paint) for choice, paint in zip(structure, paints, strict=True)]
        wide = 7 * max(len(text) for texts in (names, *self._table.texts.values()) for text in texts) + 12
        edges = [Edge(place, place + 1) for place in range(len(nodes) - 1)]
        chain = row(nodes, edges, node_width=wide, gap=22)
        captions = [label(MARGIN + wide / 2 + k * (wide + 22), chain.height + 2, name) for k, name in enumerate(names)]
        return picture(title, chain.width, chain.height + 16, [*chain.parts, *captions])

    def _rows(self, x: str | A | Column) -> Positions:
        return self._indices(x) if isinstance(x, Column) else np.array([self.index(x)], np.intp)

    def _refuse_order(self, *, adjacent: bool) -> None:
        if adjacent and not self._ordered:
            msg = (
                f"the choices of a {self._table.noun} have no order, so that none are adjacent: leave out adjacent=True"
            )
            raise InvalidArgumentError(msg)

    def _neighbours(self, x: Column, *, adjacent: bool) -> tuple[Positions, Bools]:
        """Indices of neighbours, shape (rows, edits), and which of them are asked for."""
        found, next_to = self._table.neighbours(self._indices(x))
        return found, next_to if adjacent else np.ones(found.shape, np.bool_)

    def _edits(self, structure: A, *, adjacent: bool) -> Iterator[A]:
        for place, (old, choices) in enumerate(zip(structure, self._table.choices.values(), strict=True)):
            for number, new in enumerate(choices):
                if new != old and (not adjacent or abs(number - choices.index(old)) == 1):
                    yield self._make((*structure[:place], new, *structure[place + 1 :]))
