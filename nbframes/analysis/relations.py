"""Which architectures of a table are near each other: one edit apart, or the same but for one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

import polars as pl

from nbframes.analysis._frames import as_lazy, require
from nbframes.analysis._memory import check_fits
from nbframes.errors import FrameError, InvalidArgumentError
from nbframes.spaces import of_benchmark, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nbframes.spaces.base import Space as SearchSpace

Space: TypeAlias = "str | SearchSpace"
"""A search space or its name, as `nbframes.spaces.resolve` takes it."""

_SETTINGS: Final = ("layers", "init_channels")
"""What else tells two architectures of one cell apart; an edit does not change it."""
_SLICE: Final = 16_384
"""Architectures whose neighbours are listed at a time, which bounds the memory."""


def neighbour_pairs(archs: pl.DataFrame | pl.LazyFrame, /, *, space: Space | None = None) -> pl.DataFrame:
    """List the pairs of architectures that are one edit apart, by the ``neighbours`` of their search space.

    Parameters
    ----------
    archs
        An ``archs`` table with ``arch`` and ``arch_str``, of one benchmark or of several (then with ``benchmark``).
    space
        Search space: ``"nb101"``, ``"tss"``, ``"sss"``, ``"darts"``, ``"module:object"`` or a space itself. By default that
        of the ``benchmark``, if it is registered.

    Returns
    -------
    DataFrame
        ``benchmark`` (if ``archs`` has it), ``arch``, ``neighbour``, sorted. Every pair stands there in both directions, and
        only pairs of which both are in ``archs``.

    Raises
    ------
    FrameError
        If a column is missing, or ``archs`` has no rows.
    InvalidArgumentError
        If the search space is not known.
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Notes
    -----
    In NAS-Bench-101 isomorphic cells are one architecture, and two are a pair if an edit leads from either to the other:
    the edit that cuts vertices off has no counterpart among those of the smaller cell. Of the whole space there are
    millions of pairs: make them once and keep them (``write_parquet``).

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import neighbour_pairs
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    >>> neighbour_pairs(archs, space="sss").rows()
    [(0, 1), (1, 0), (1, 2), (2, 1)]
    """
    return _in_each_benchmark(archs, space, _neighbours)


def replacement_pairs(archs: pl.DataFrame | pl.LazyFrame, /, *, space: Space | None = None) -> pl.DataFrame:
    """List the pairs of architectures that are the same but for one operation.

    Parameters
    ----------
    archs
        An ``archs`` table with ``arch`` and ``arch_str``, of one benchmark or of several (then with ``benchmark``).
    space
        Search space: ``"nb101"``, ``"tss"``, ``"sss"``, ``"darts"``, ``"module:object"`` or a space itself. By default that
        of the ``benchmark``, if it is registered.

    Returns
    -------
    DataFrame
        ``benchmark`` (if ``archs`` has it), ``arch``, ``position`` (the encoding column), ``operation`` (what stands there),
        ``replacement``, ``neighbour`` (the architecture with the replacement), sorted; positions and operations are Enums in
        the order of the space. In the size space the operations are numbers of channels, as text. Only pairs of which
        both are in ``archs``.

    Raises
    ------
    FrameError
        If a column is missing, or ``archs`` has no rows.
    InvalidArgumentError
        If the search space is not known.
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Notes
    -----
    In NAS-Bench-101 isomorphic cells are one architecture, and the positions are those of the cell as ``arch_str`` draws it.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import replacement_pairs
    >>> archs = pl.DataFrame({"arch": [0, 1], "arch_str": ["8:8:8:8:8", "8:8:8:8:64"]})
    >>> replacement_pairs(archs, space="sss").rows()
    [(0, 'channels_5', '8', '64', 1), (1, 'channels_5', '64', '8', 0)]
    """
    return _in_each_benchmark(archs, space, _replacements)


def operations(archs: pl.DataFrame | pl.LazyFrame, /, *, space: Space | None = None) -> pl.DataFrame:
    """List what stands at every position of every architecture.

    Parameters
    ----------
    archs, space
        As for `replacement_pairs`.

    Returns
    -------
    DataFrame
        ``benchmark`` (if ``archs`` has it), ``arch``, ``position`` (the encoding column), ``operation``, position by
        position; Enums in the order of the space. In the size space the operations are numbers of channels, as text.

    Raises
    ------
    FrameError, InvalidArgumentError, InvalidArchitectureError
        As for `replacement_pairs`.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis.relations import operations
    >>> operations(pl.DataFrame({"arch": [0], "arch_str": ["8:8:8:64:8"]}), space="sss").row(3)
    (0, 'channels_4', '64')
    """
    return _in_each_benchmark(archs, space, _operations)


def _in_each_benchmark(
    archs: pl.DataFrame | pl.LazyFrame, space: Space | None, find: Callable[[pl.DataFrame, SearchSpace], pl.DataFrame]
) -> pl.DataFrame:
    given = None if space is None else resolve(space)
    require(as_lazy(archs), ("arch", "arch_str"))
    check_fits(archs, archs.lazy())
    table = archs.lazy().collect()
    if table.is_empty():
        msg = "archs has no rows"
        raise FrameError(msg)
    if "benchmark" not in table.columns:
        only = _known(given, "archs without a column 'benchmark'")
        return _in_order(find(table, only), [only])
    parts = dict(sorted(table.partition_by("benchmark", as_dict=True).items()))
    spaces = [given or _known(of_benchmark(name), f"benchmark {name!r}") for (name,) in parts]
    found = [
        find(part, of).select(pl.lit(name, dtype=table.schema["benchmark"]).alias("benchmark"), pl.all())
        for ((name,), part), of in zip(parts.items(), spaces, strict=True)
    ]
    return _in_order(pl.concat(found), spaces)


def _in_order(found: pl.DataFrame, spaces: Iterable[SearchSpace]) -> pl.DataFrame:
    """Give positions and operations types that sort in the order of the spaces."""
    choices = [choice for space in dict.fromkeys(spaces) for choice in _choices(space)]
    positions = pl.Enum(list(dict.fromkeys(position for position, _ in choices)))
    names = pl.Enum(list(dict.fromkeys(str(operation) for _, operation in choices)))
    types = {"position": positions, "operation": names, "replacement": names}
    return found.cast({name: dtype for name, dtype in types.items() if name in found.columns})


def _known(space: SearchSpace | None, of_what: str) -> SearchSpace:
    if space is None:
        msg = f"the search space of {of_what} is not known: name it with space=, for example 'tss' or 'module:object'"
        raise InvalidArgumentError(msg)
    return space


def _neighbours(archs: pl.DataFrame, space: SearchSpace) -> pl.DataFrame:
    known = _keyed(archs, written_alike(archs["arch_str"], space))
    parts = []
    for start in range(0, max(archs.height, 1), _SLICE):
        part = archs[start : start + _SLICE]
        reached = space.neighbours(part["arch_str"])
        left = part[reached["row"]].select("arch", *_settings(archs))
        found = _looked_up(left, written_alike(reached["neighbour"], space), known).filter(
            pl.col("arch") != pl.col("neighbour")
        )
        parts.append(found.unique())
    there = pl.concat(parts)
    back = there.select(arch="neighbour", neighbour="arch")
    return pl.concat([there, back]).unique().sort("arch", "neighbour")


def _replacements(archs: pl.DataFrame, space: SearchSpace) -> pl.DataFrame:
    cells: pl.DataFrame = space.parse(archs["arch_str"])

    def key(cells: pl.DataFrame) -> pl.Series:
        texts: pl.Series = space.format(written_alike(cells, space))
        return texts

    known = _keyed(archs, key(cells))
    parts = [
        _looked_up(
            archs.filter(changes).select(
                "arch",
                *_settings(archs),
                position=pl.lit(position),
                operation=before.filter(changes),
                replacement=pl.lit(str(after)),
            ),
            key(cells.filter(changes).with_columns(pl.lit(after, dtype=cells.schema[position]).alias(position))),
            known,
        )
        for position, after in _choices(space)
        for before in [cells[position].cast(pl.String)]
        for changes in [(before != str(after)).fill_null(value=False)]
    ]
    return pl.concat(parts).sort("arch", maintain_order=True)


def _operations(archs: pl.DataFrame, space: SearchSpace) -> pl.DataFrame:
    cells: pl.DataFrame = space.parse(archs["arch_str"])
    positions = list(dict.fromkeys(position for position, _ in _choices(space)))
    texts = cells.select(archs["arch"], pl.col(positions).cast(pl.String))
    return texts.unpivot(positions, index="arch", variable_name="position", value_name="operation").drop_nulls(
        "operation"
    )


def _choices(space: SearchSpace) -> Iterator[tuple[str, Any]]:
    """Positions of operations and what may stand there."""
    for position, choices in space.CHOICES.items():
        for choice in choices:
            yield position, choice


def _looked_up(left: pl.DataFrame, keys: pl.Series, known: pl.DataFrame) -> pl.DataFrame:
    """Give each row the ``neighbour`` of its key, where there is one."""
    settings = _settings(known)
    return left.with_columns(keys.alias("key")).join(known, on=["key", *settings]).drop("key", *settings)


def _keyed(archs: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    return archs.select(keys.alias("key"), *_settings(archs), neighbour="arch")


def _settings(archs: pl.DataFrame) -> list[str]:
    return [name for name in _SETTINGS if name in archs.columns]


@overload
def written_alike(cells: pl.Series, space: SearchSpace) -> pl.Series: ...
@overload
def written_alike(cells: pl.DataFrame, space: SearchSpace) -> pl.DataFrame: ...
def written_alike(cells: pl.Series | pl.DataFrame, space: SearchSpace) -> pl.Series | pl.DataFrame:
    """Write isomorphic architectures alike where the benchmark has only one of them.

    Parameters
    ----------
    cells
        Strings, or encoding columns.
    space
        Their search space.

    Returns
    -------
    Series or DataFrame
        As they came in, those of NAS-Bench-101 in their canonical form.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.analysis.relations import written_alike
    >>> archs = nbf.spaces.tss.sample(2, seed=0)["arch_str"]
    >>> written_alike(archs, nbf.spaces.tss).equals(archs)
    True
    """
    from nbframes.spaces import nb101

    return nb101.canonical(cells) if space is nb101 else cells
