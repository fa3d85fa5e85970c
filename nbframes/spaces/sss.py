"""The size search space of NATS-Bench: 32,768 networks of one cell with five channel counts.

An architecture is upstream's string, a tuple of five integers, or one row of the five channel columns.
No two architectures are isomorphic.

References
----------
Dong et al., NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size, TPAMI 2021.
"""

from __future__ import annotations

import builtins
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces import _nats_costs as costs
from nbframes.spaces._grid import Grid, digest, digests, neighbour_frame, one_edits, pick
from nbframes.spaces._random import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

Channels = tuple[int, int, int, int, int]
One = str | Channels
Column = pl.Series | pl.DataFrame
Seed = int | np.random.Generator | None

CHANNELS: Final = (8, 16, 24, 32, 40, 48, 56, 64)
"""What a stage may have."""

ENCODING: Final[dict[str, Any]] = {f"channels_{stage}": pl.UInt8() for stage in range(1, 6)}
"""The encoding columns: output channels of the five stages, from input to output."""

SIZE: Final = len(CHANNELS) ** len(ENCODING)
"""Number of architectures."""

_TEMPLATE: Final = "{}:{}:{}:{}:{}"
_TEXTS: Final = tuple(map(str, CHANNELS))


@overload
def parse(x: One, /) -> Channels: ...
@overload
def parse(x: Column, /) -> pl.DataFrame: ...
def parse(x: One | Column, /) -> Channels | pl.DataFrame:
    """Read upstream's strings.

    Parameters
    ----------
    x
        One string, or a column of them.

    Returns
    -------
    tuple or polars.DataFrame
        The channels of the five stages; of a column, the columns of `ENCODING`.

    Raises
    ------
    InvalidArchitectureError
        If something is not an architecture of this space.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.parse("8:16:64:32:8")
    (8, 16, 64, 32, 8)
    """
    return _grid().table[_grid().indices(x)] if isinstance(x, Column) else _channels(x)


@overload
def format(x: One, /) -> str: ...
@overload
def format(x: Column, /) -> pl.Series: ...
def format(x: One | Column, /) -> str | pl.Series:
    """Write upstream's strings: the inverse of `parse`.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.format((8, 16, 64, 32, 8))
    '8:16:64:32:8'
    """
    return _grid().strings.gather(_grid().indices(x)) if isinstance(x, Column) else _TEMPLATE.format(*_channels(x))


@overload
def is_valid(x: One, /) -> bool: ...
@overload
def is_valid(x: Column, /) -> pl.Series: ...
def is_valid(x: One | Column, /) -> bool | pl.Series:
    """Tell which architectures belong to this space; null does not.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.is_valid("8:16:72:32:8")
    False
    """
    if isinstance(x, Column):
        return _grid().find(x).is_not_null().alias("valid")
    try:
        _channels(x)
    except InvalidArchitectureError:
        return False
    return True


def validate(x: One | Column, /) -> None:
    """Raise if something is not an architecture of this space.

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
    parse(x)


@overload
def index(x: One, /) -> int: ...
@overload
def index(x: Column, /) -> pl.Series: ...
def index(x: One | Column, /) -> int | pl.Series:
    """Official index of architectures: ``channels // 8 - 1`` as digits of base 8, the first stage most significant.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.index("8:8:8:16:32")
    11
    """
    if isinstance(x, Column):
        return pl.Series("arch", _grid().indices(x), pl.Int32)
    return int(np.dot(np.asarray(_channels(x)) // 8 - 1, _grid().places))


@overload
def from_index(x: int, /) -> str: ...
@overload
def from_index(x: pl.Series, /) -> pl.Series: ...
def from_index(x: int | pl.Series, /) -> str | pl.Series:
    """Upstream's string of official indices: the inverse of `index`.

    Raises
    ------
    InvalidArgumentError
        If an index is not in 0..32767.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.from_index(284)
    '8:8:40:32:40'
    """
    if isinstance(x, pl.Series):
        return _grid().strings.gather(_grid().check_indices(x))
    return str(from_index(pl.Series([x]))[0])


def enumerate() -> pl.DataFrame:
    """All 32,768 architectures: ``arch`` (official index), ``arch_str`` and the encoding columns, by index.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.enumerate().shape
    (32768, 7)
    """
    return _grid().enumerate()


@overload
def hash(x: One, /) -> str: ...
@overload
def hash(x: Column, /) -> pl.Series: ...
def hash(x: One | Column, /) -> str | pl.Series:
    """Canonical hash: the MD5 of upstream's string in hexadecimal, for no two architectures are isomorphic.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.hash("8:8:8:8:8")
    'ed40188af1bcff7e14a0775ba1c79c11'
    """
    return _hashes().gather(_grid().indices(x)) if isinstance(x, Column) else digest(format(x))


@overload
def params(x: One, /, *, dataset: costs.Dataset = ...) -> int: ...
@overload
def params(x: Column, /, *, dataset: costs.Dataset = ...) -> pl.Series: ...
def params(x: One | Column, /, *, dataset: costs.Dataset = "cifar10") -> int | pl.Series:
    """Trainable parameters of an architecture's network, counted from its layers; equal to the published counts.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.params("8:8:8:16:32"), sss.params("8:8:8:16:32", dataset="cifar100")
    (49202, 52172)
    """
    total = _cost(x, dataset).params
    return pl.Series("params", total, pl.Int64) if isinstance(x, Column) else int(total)


@overload
def mflops(x: One, /, *, dataset: costs.Dataset = ...) -> float: ...
@overload
def mflops(x: Column, /, *, dataset: costs.Dataset = ...) -> pl.Series: ...
def mflops(x: One | Column, /, *, dataset: costs.Dataset = "cifar10") -> float | pl.Series:
    """Millions of multiply-adds of one forward pass, as upstream publishes them under ``flop``.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.mflops("8:8:8:16:32"), sss.mflops("8:8:8:16:32", dataset="ImageNet16-120")
    (6.84065, 1.71404)
    """
    total = _cost(x, dataset).macs / 1e6
    return pl.Series("mflops", total, pl.Float64) if isinstance(x, Column) else float(total)


def sample(n: int, /, *, seed: Seed = None, replace: bool = True) -> pl.DataFrame:
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
    return _grid().sample(n, seed, replace=replace)


@overload
def neighbours(x: str, /, *, adjacent: bool = ...) -> list[str]: ...
@overload
def neighbours(x: Channels, /, *, adjacent: bool = ...) -> list[Channels]: ...
@overload
def neighbours(x: Column, /, *, adjacent: bool = ...) -> pl.DataFrame: ...
def neighbours(x: One | Column, /, *, adjacent: bool = False) -> list[str] | list[Channels] | pl.DataFrame:
    """All 35 architectures that differ in one stage: stage by stage, channels ascending.

    Parameters
    ----------
    x
        One architecture, or a column of them.
    adjacent
        Only steps of 8 channels up or down, of which an architecture has 5 to 10.

    Returns
    -------
    list or polars.DataFrame
        Strings of a string, tuples of a tuple; of a column, ``row`` (number of the row) and ``neighbour`` (string).

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.neighbours("8:8:8:8:64", adjacent=True)
    ['16:8:8:8:64', '8:16:8:8:64', '8:8:16:8:64', '8:8:8:16:64', '8:8:8:8:56']
    """
    if isinstance(x, Column):
        indices = _grid().indices(x)
        found = _grid().neighbours(indices)
        return neighbour_frame(_grid().strings, found, _one_step(indices, found) if adjacent else None)
    channels = _channels(x)
    edits = [cast("Channels", edit) for edit in one_edits(channels, CHANNELS)]
    if adjacent:
        edits = [edit for edit in edits if abs(sum(edit) - sum(channels)) == 8]
    return [format(edit) for edit in edits] if isinstance(x, str) else edits


@overload
def mutate(x: str, /, *, seed: Seed = ..., adjacent: bool = ...) -> str: ...
@overload
def mutate(x: Channels, /, *, seed: Seed = ..., adjacent: bool = ...) -> Channels: ...
@overload
def mutate(x: pl.Series, /, *, seed: Seed = ..., adjacent: bool = ...) -> pl.Series: ...
@overload
def mutate(x: pl.DataFrame, /, *, seed: Seed = ..., adjacent: bool = ...) -> pl.DataFrame: ...
def mutate(x: One | Column, /, *, seed: Seed = None, adjacent: bool = False) -> One | Column:
    """Replace each architecture by one of its `neighbours`, all equally likely.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.mutate("8:16:64:32:8", seed=1) in sss.neighbours("8:16:64:32:8")
    True
    """
    if isinstance(x, Column):
        indices = _grid().indices(x)
        found = _grid().neighbours(indices)
        drawn = pick(found, seed, _one_step(indices, found) if adjacent else None)
        return _grid().strings.gather(drawn) if isinstance(x, pl.Series) else _grid().table[drawn]
    options = neighbours(x, adjacent=adjacent)
    return options[generator(seed).integers(len(options))]


@cache
def _grid() -> Grid:
    return Grid(
        "NATS-Bench size architecture", encoding=ENCODING, choices=CHANNELS, template=_TEMPLATE, explain=_explain
    )


def _channels(x: One) -> Channels:
    if isinstance(x, tuple):
        x = ":".join(map(str, x))
    if not isinstance(x, str):
        msg = f"an architecture is a string, a tuple of five integers, or a column of them, not {type(x).__name__}"
        raise InvalidArgumentError(msg)
    texts = x.split(":")
    if len(texts) != len(ENCODING) or not set(texts) <= set(_TEXTS):
        msg = f"{x!r} {_explain(x)}"
        raise InvalidArchitectureError(msg)
    return cast("Channels", tuple(map(int, texts)))


def _explain(text: str) -> str:
    """What is wrong with a string that is not an architecture, to follow the string in a sentence."""
    texts = text.split(":")
    if len(texts) != len(ENCODING):
        return f"has {len(texts)} numbers of channels joined by ':', not 5"
    stage, wrong = next((stage, wrong) for stage, wrong in builtins.enumerate(texts, 1) if wrong not in _TEXTS)
    return f"has {wrong!r} channels in stage {stage}; valid: {', '.join(_TEXTS)}"


def _one_step(indices: NDArray[np.intp], neighbours: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.isin(np.abs(neighbours - indices[:, None]), _grid().places)


def _cost(x: One | Column, dataset: costs.Dataset) -> costs.Cost:
    if isinstance(x, Column):
        return costs.size([column.to_numpy().astype(np.int64) for column in parse(x)], dataset)
    return costs.size(_channels(x), dataset)


@cache
def _hashes() -> pl.Series:
    return digests(_grid().strings).alias("hash")
