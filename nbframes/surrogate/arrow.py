"""A surrogate as a function of Arrow batches: for engines that send batches to their workers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError
from nbframes.schema import HIVE, RESULTS
from nbframes.spaces import darts
from nbframes.surrogate.loading import load

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from nbframes.surrogate.base import Surrogate

CELLS: Final = 8_192
"""Cells that are predicted at a time: a hundred budgets of them are a few tens of megabytes."""


def arrow_function(
    path: str | os.PathLike[str],
    /,
    *,
    budgets: int | Sequence[int] | None = None,
    first: int = 0,
    seed: int | None = None,
) -> ArrowFunction:
    """Make a function of Arrow batches that answers for architectures, for ``mapInArrow`` and its like.

    Parameters
    ----------
    path
        Folder of a surrogate, as for `load`; every worker must be able to read it.
    budgets
        Budgets (epochs) to answer for; by default the last that the surrogate can answer.
    first
        Number that becomes ``arch`` 0: the index in a store is number - first.
    seed
        That of `nbframes.spaces.darts.enumerate`, for batches that hold numbers alone.

    Returns
    -------
    ArrowFunction
        Picklable; called with an iterator of record batches it gives an iterator of record batches of results.

    Raises
    ------
    SourceError
        If there is no surrogate at the path.
    InvalidArgumentError
        If the surrogate cannot answer one of the budgets.

    Notes
    -----
    A batch names its cells by ``number`` alone, or by ``number`` or ``arch`` beside ``arch_str`` or the encoding columns. Each worker
    loads the model once. Numbers alone need no file of cells: a shard of the space is a range.

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
    >>> _ = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
    >>> nbf.surrogate.fit(folder.name + "/store", members=2, rounds=5).save(folder.name + "/model")
    >>> function = nbf.surrogate.arrow_function(folder.name + "/model", seed=7)
    >>> cells = nbf.spaces.darts.enumerate(0, 3, seed=7).select("number")
    >>> cells.lazy().map_batches(function.frame, schema=function.frame_schema).select("arch", "split").collect().height
    6
    >>> folder.cleanup()
    """
    return ArrowFunction(path, budgets, first, seed)


class ArrowFunction:
    """A function of Arrow batches; see `arrow_function`.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of the batches that it gives: the columns of `nbframes.scan` with plain strings.
    ddl : str
        The same as Spark's ``mapInArrow`` takes it.
    frame_schema : dict
        The same for Polars.
    """

    def __init__(
        self, path: str | os.PathLike[str], budgets: int | Sequence[int] | None, first: int, seed: int | None
    ) -> None:
        self.path = str(Path(path).expanduser().resolve())
        if isinstance(first, bool) or not isinstance(first, int) or not 0 <= first < darts.SIZE:
            msg = f"first should be a number of the space, from 0 to {darts.SIZE - 1}, not {first!r}"
            raise InvalidArgumentError(msg)
        self.budgets = _loaded(self.path).chosen(budgets)
        self.first = first
        self.seed = seed

    @property
    def outputs(self) -> int:
        """Number of metrics that it answers."""
        return len(_loaded(self.path).metrics)

    @property
    def frame_schema(self) -> dict[str, Any]:
        """Columns and types of a frame of results, names as plain strings."""
        return {name: pl.String() if name in HIVE else dtype for name, dtype in RESULTS.items()}

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of the batches that it gives."""
        import pyarrow as pa

        types = {pl.String(): pa.string(), pl.Int32(): pa.int32(), pl.Boolean(): pa.bool_(), pl.Float64(): pa.float64()}
        return pa.schema([pa.field(name, types[dtype]) for name, dtype in self.frame_schema.items()])

    @property
    def ddl(self) -> str:
        """Schema in the words of Spark."""
        words = {"string": "string", "int32": "int", "bool": "boolean", "double": "double"}
        return ", ".join(f"{field.name} {words[str(field.type)]}" for field in self.schema)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Answer for the cells of each batch.

        Raises
        ------
        FrameError
            If a batch does not name its cells.
        InvalidArchitectureError
            If one is not an architecture of the DARTS space.
        """
        for batch in batches:
            cells = pl.DataFrame(pl.from_arrow(batch))
            for start in range(0, cells.height, CELLS):
                table = self.frame(cells[start : start + CELLS]).to_arrow().cast(self.schema)
                yield from table.combine_chunks().to_batches()

    def frame(self, cells: pl.DataFrame, /) -> pl.DataFrame:
        """Answer for the cells of a frame, for ``LazyFrame.map_batches``.

        Parameters
        ----------
        cells
            Columns as the notes of `arrow_function` say.

        Returns
        -------
        DataFrame
            Long format, names as plain strings; rows by metric, architecture and budget.

        Raises
        ------
        FrameError
            If a column is missing, or an index does not fit a store.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> _ = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> nbf.surrogate.fit(folder.name + "/store", members=2, rounds=5).save(folder.name + "/model")
        >>> function = nbf.surrogate.arrow_function(folder.name + "/model", first=10)
        >>> function.frame(nbf.spaces.darts.enumerate(10, 12)).select("metric", "arch").rows()
        [('accuracy', 0), ('accuracy', 1), ('time', 0), ('time', 1)]
        >>> folder.cleanup()
        """
        numbers = self._numbers(cells)
        found = _loaded(self.path).predict(self._column(cells), self.budgets)
        archs = numbers.gather(found["arch"])
        return found.with_columns(archs.cast(pl.Int32).alias("arch"), pl.col(list(HIVE)).cast(pl.String))

    def _numbers(self, cells: pl.DataFrame) -> pl.Series:
        """Indices in a store."""
        if "number" in cells.columns:
            archs = cells["number"].cast(pl.Int64) - self.first
        elif "arch" in cells.columns:
            archs = cells["arch"].cast(pl.Int64)
        else:
            raise FrameError.missing_columns(
                ["number"], cells.columns, "cells are named by number, or by arch beside their encoding"
            )
        if cells.height and not archs.is_between(0, 2**31 - 1).all():
            msg = (
                f"numbers from {archs.min()!r} to {archs.max()!r} after subtracting first={self.first} do not fit the index of a store "
                "(0 to 2,147,483,647)"
            )
            raise FrameError(msg)
        return archs

    def _column(self, cells: pl.DataFrame) -> pl.Series | pl.DataFrame:
        if set(darts.ENCODING) <= set(cells.columns):
            return cells.select(pl.col(name).cast(dtype) for name, dtype in darts.ENCODING.items())
        if "arch_str" in cells.columns:
            return cells["arch_str"]
        if "number" in cells.columns:
            return darts.from_index(cells["number"], seed=self.seed)
        raise FrameError.missing_columns(
            ["arch_str"], cells.columns, "an index of a store does not say which cell it is"
        )


@cache
def _loaded(path: str) -> Surrogate:
    return load(path)
