"""Which space a benchmark of a store has, and how its architectures are numbered there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.search.space import SearchSpace
from nbframes.spaces import GridSpace, resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.spaces.base import Space
    from nbframes.store import Store

_LISTED = 2**24
"""Size up to which a space has a table of its architectures."""
_CHOICES = 64
"""Different values up to which a column counts as a choice."""
_NO_ENCODING = ("benchmark", "arch", "position", "arch_str", "hash")


def mapped_space(store: Store, benchmark: str, complete: NDArray[np.bool_], space: Space | str | None) -> SearchSpace:
    """Search space of the architectures that are complete, given for each number in the store.

    Raises
    ------
    InvalidArgumentError
        If the benchmark's space is not known or cannot be enumerated.
    """
    archs = store.scan_archs(benchmark).sort("arch").collect()
    archs = archs.filter(pl.col("arch") < len(complete))
    archs = archs.filter(pl.Series(complete[archs["arch"].to_numpy()]))
    named = space or _registered(benchmark) or _of_columns(benchmark, archs)
    found = resolve(named)
    if found.SIZE > _LISTED:
        msg = (
            f"the space of {benchmark} has {found.SIZE:,} architectures, of which the store has {archs.height:,}: almost no "
            "step of a search would lead to a measured one\n\nHint: search a surrogate, Problem(surrogate, 'nb301', ...)"
        )
        raise InvalidArgumentError(msg)
    known = archs["arch_str"] if "arch_str" in archs.columns and not isinstance(named, _Columns) else archs
    arch_of = np.full(found.SIZE, -1, np.int64)
    arch_of[found.index(known).to_numpy()] = archs["arch"].to_numpy()
    return SearchSpace(named, arch_of)


class _Columns(GridSpace):  # type: ignore[type-arg]
    """A grid read off the encoding columns of a benchmark that no space is known of."""


def _registered(benchmark: str) -> str | None:
    from nbframes.benchmarks import find

    known = find(benchmark)
    return known.space if known is not None else None


def _of_columns(benchmark: str, archs: pl.DataFrame) -> Space:
    """Space of all combinations of the values in the encoding columns."""
    columns = [column for column in archs if column.name not in _NO_ENCODING]
    choices = {column.name: tuple(column.cast(pl.String).unique().sort()) for column in columns}
    varied = {name: values for name, values in choices.items() if 1 < len(values) <= _CHOICES}
    if len(varied) < len(columns) or not columns:
        msg = (
            f"nothing is known of the search space of {benchmark!r}: its architectures have no columns of choices\n\n"
            "Hint: register the benchmark with its space (nbf.register), pass space=, or give archs encoding columns"
        )
        raise InvalidArgumentError(msg)
    grid: Any = _Columns(f"{benchmark} architecture", positions=varied, template=" ".join("{}" for _ in varied))
    return grid  # type: ignore[no-any-return]
