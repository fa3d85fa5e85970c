"""Tables of people's own: CSV and Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path


def read_table(path: Path) -> pl.DataFrame:
    """Read a CSV or, by the end of its name, a Parquet table.

    Raises
    ------
    SourceError
        If there is none, or it is broken.
    """
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path, glob=False, hive_partitioning=False)
        return pl.read_csv(path, glob=False, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"the table {str(path)!r} cannot be read: {str(error).strip().splitlines()[0]}"
        raise SourceError(msg) from error
