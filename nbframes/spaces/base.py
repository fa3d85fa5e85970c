"""What every search space can do, whether it is a module of functions or an object: the protocol `Space`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, overload, runtime_checkable

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbframes.spaces.codes import Codes
    from nbframes.spaces.kinds import Array, Seed
    from nbframes.spaces.svg import SVG

Column: TypeAlias = pl.Series | pl.DataFrame
"""Many architectures: a Series of strings, or a frame with the encoding columns."""
FeatureKind: TypeAlias = Literal["one_hot", "path", "adjacency"]
_TEXTS = (pl.String, pl.Categorical, pl.Enum, pl.Null)


def texts_of(x: pl.Series) -> pl.Series | None:
    """Strings of a column of strings or categories; None if it holds anything else."""
    return x.cast(pl.String) if isinstance(x.dtype, _TEXTS) else None


@runtime_checkable
class Space(Protocol):
    """A search space: what its architectures look like and which lie next to each other.

    An architecture is a string, and beyond this protocol a structure of the space's own; a `Column` is many of them. Of
    one architecture functions give a plain value, of a column a Series or frame with a row for each.
    """

    @property
    def SIZE(self) -> int:  # noqa: N802  a constant of the space
        """Number of architectures that are written differently."""

    @property
    def ENCODING(self) -> Mapping[str, Any]:  # noqa: N802  a constant of the space
        """Name and type of the columns that describe an architecture."""

    @property
    def CHOICES(self) -> Mapping[str, tuple[Any, ...]]:  # noqa: N802  a constant of the space
        """Encoding columns in which something is chosen, and what can stand in each."""

    @property
    def codes(self) -> Codes:
        """The same space as arrays of integers."""

    @overload
    def parse(self, x: str, /) -> Any: ...
    @overload
    def parse(self, x: Column, /) -> pl.DataFrame: ...
    def parse(self, x: str | Column, /) -> Any:
        """Read architectures: a structure of one, the encoding columns of a column."""

    @overload
    def format(self, x: str, /) -> str: ...
    @overload
    def format(self, x: Column, /) -> pl.Series: ...
    def format(self, x: str | Column, /) -> str | pl.Series:
        """Write architectures as strings."""

    @overload
    def hash(self, x: str, /) -> str: ...
    @overload
    def hash(self, x: Column, /) -> pl.Series: ...
    def hash(self, x: str | Column, /) -> str | pl.Series:
        """Canonical hash, equal for isomorphic architectures."""

    @overload
    def is_valid(self, x: str, /) -> bool: ...
    @overload
    def is_valid(self, x: Column, /) -> pl.Series: ...
    def is_valid(self, x: str | Column, /) -> bool | pl.Series:
        """Tell which architectures belong to the space."""

    def validate(self, x: str | Column, /) -> None:
        """Raise if something does not belong to the space."""

    def sample(self, n: int, /, *, seed: Seed = None, replace: bool = True) -> pl.DataFrame:
        """Draw architectures uniformly: ``arch_str`` and the encoding columns."""

    @overload
    def neighbours(self, x: str, /) -> list[str]: ...
    @overload
    def neighbours(self, x: Column, /) -> pl.DataFrame: ...
    def neighbours(self, x: str | Column, /) -> list[str] | pl.DataFrame:
        """List what one edit leads to: of a column a frame of ``row`` and ``neighbour``."""

    @overload
    def mutate(self, x: str, /, *, seed: Seed = ...) -> str: ...
    @overload
    def mutate(self, x: pl.Series, /, *, seed: Seed = ...) -> pl.Series: ...
    @overload
    def mutate(self, x: pl.DataFrame, /, *, seed: Seed = ...) -> pl.DataFrame: ...
    def mutate(self, x: str | Column, /, *, seed: Seed = None) -> str | Column:
        """Replace each architecture by one of its neighbours."""

    @overload
    def index(self, x: str, /) -> int: ...
    @overload
    def index(self, x: Column, /) -> pl.Series: ...
    def index(self, x: str | Column, /) -> int | pl.Series:
        """Number of architectures in the order of ``enumerate``."""

    @overload
    def from_index(self, x: int, /) -> str: ...
    @overload
    def from_index(self, x: pl.Series, /) -> pl.Series: ...
    def from_index(self, x: int | pl.Series, /) -> str | pl.Series:
        """Strings of numbers: the inverse of `index`."""

    def features(self, x: str | Column, /, kind: FeatureKind = "one_hot") -> Array:
        """Describe architectures by numbers, shape (rows, features)."""

    def split(self, x: Column, /, *, test: float = 0.2, seed: int = 0) -> pl.Series:
        """Tell which architectures belong to the test set; isomorphic ones are on the same side."""

    def draw(self, x: str, /) -> SVG:
        """Draw one architecture."""
