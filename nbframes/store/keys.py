"""Which architectures of a benchmark a column names: by index, string, hash, or any form that the search space parses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError, listed
from nbframes.schema import ARCHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.store.tables import Store

_GIVEN = "_given"


def resolved(frame: pl.DataFrame, key: str, store: Store, benchmark: str, *, isomorphs: bool) -> pl.DataFrame:
    """Give a frame the column ``arch`` in place of the column that names the architectures.

    Parameters
    ----------
    frame
        Rows with the column ``key``.
    key
        ``"arch"``, ``"arch_str"``, ``"hash"``, or a column of strings that the space parses.
    store, benchmark
        Whose architectures they are.
    isomorphs
        Whether a row holds for every architecture of the same hash.

    Returns
    -------
    DataFrame
        Rows with ``arch``; with ``isomorphs`` one for each architecture of a structure.

    Raises
    ------
    FrameError
        If a name is not that of an architecture of the benchmark, is that of several, or isomorphs have unlike values.
    """
    archs = _archs(store, benchmark)
    names = frame.select(pl.col(key).alias(_GIVEN)).unique(maintain_order=True)
    if names[_GIVEN].null_count():
        msg = f"column {key!r} is null in some rows, but it says which architecture each row belongs to"
        raise FrameError(msg)
    found = _found(names, key, archs, benchmark)
    if unknown := names.join(found, on=_GIVEN, how="anti").head(3)[_GIVEN].to_list():
        count = names.height - found[_GIVEN].n_unique()
        msg = f"{count:,} of {names.height:,} names in column {key!r} are not architectures of {benchmark!r}, for example {listed(unknown)}"
        raise FrameError(msg)
    if not isomorphs and found.height > names.height:
        several = found.filter(pl.col(_GIVEN).is_duplicated()).head(3)
        msg = (
            f"{listed(several[_GIVEN].unique(maintain_order=True))} of column {key!r} names several architectures of "
            f"{benchmark!r} ({listed(several['arch'])}, ...)\n\nHint: pass isomorphs=True where a value holds for all of them"
        )
        raise FrameError(msg)
    rows = frame.rename({key: _GIVEN}).join(found, on=_GIVEN, maintain_order="left").drop(_GIVEN)
    return _spread(rows, archs) if isomorphs else rows


def _archs(store: Store, benchmark: str) -> pl.DataFrame:
    """Names of the architectures; of a benchmark without the table ``archs`` those that have results."""
    if store.manifest(benchmark).rows("archs"):
        archs = store.scan_archs(benchmark)
        return archs.select(name for name in ARCHS if name in archs.collect_schema()).collect()
    return store.scan(benchmark).select(pl.col("arch").unique()).collect()


def _found(names: pl.DataFrame, key: str, archs: pl.DataFrame, benchmark: str) -> pl.DataFrame:
    """Names with the architectures that they are."""
    if key == "arch":
        if not names[_GIVEN].dtype.is_integer():
            msg = f"column 'arch' is {names[_GIVEN].dtype}; it holds indices, whole numbers\n\nHint: name the column of other names in key="
            raise FrameError(msg)
        numbers = archs.select("arch", pl.col("arch").cast(names[_GIVEN].dtype, strict=False).alias(_GIVEN))
        return names.join(numbers, on=_GIVEN)
    if key == "hash":
        return names.join(_with(archs, "hash", benchmark), on=_GIVEN)
    exact = names.join(_with(archs, "arch_str", benchmark), on=_GIVEN)
    other = names.join(exact, on=_GIVEN, how="anti")
    return pl.concat([exact, _parsed(other, archs, benchmark)]) if other.height else exact


def _with(archs: pl.DataFrame, column: str, benchmark: str) -> pl.DataFrame:
    if column not in archs.columns:
        msg = f"{benchmark!r} was written without the column {column!r} of its architectures; use key='arch'"
        raise FrameError(msg)
    return archs.select("arch", pl.col(column).alias(_GIVEN))


def _parsed(names: pl.DataFrame, archs: pl.DataFrame, benchmark: str) -> pl.DataFrame:
    """Architectures of names that the search space parses: the one of that very string, else those of that hash."""
    from nbframes.spaces import of_benchmark

    space = of_benchmark(benchmark)
    if space is None:
        return pl.DataFrame(schema={_GIVEN: names[_GIVEN].dtype, "arch": archs["arch"].dtype})
    texts = names[_GIVEN].cast(pl.String)
    try:
        formed = names.with_columns(arch_str=space.format(texts), hash=space.hash(texts))
    except InvalidArgumentError as error:
        msg = f"not all of the names are architectures of {benchmark!r}: {error}"
        raise FrameError(msg) from error
    exact = formed.join(archs, on="arch_str").select(_GIVEN, "arch")
    other = formed.join(exact, on=_GIVEN, how="anti")
    return pl.concat([exact, other.join(archs, on="hash").select(_GIVEN, "arch")])


def _spread(rows: pl.DataFrame, archs: pl.DataFrame) -> pl.DataFrame:
    """Rows for every architecture of a structure that some of them have."""
    if "hash" not in archs.columns:
        msg = "isomorphs=True needs the hashes of the architectures, and the benchmark was written without them"
        raise FrameError(msg)
    keys: Sequence[str] = [name for name in rows.columns if name not in ("arch", "value")]
    structures = rows.join(archs.select("arch", "hash"), on="arch").select("hash", *keys, "value").unique()
    unlike = structures.filter(pl.struct("hash", *keys).is_duplicated())
    if unlike.height:
        example = unlike.head(2).select("hash", "metric", "value").rows(named=True)
        msg = f"isomorphic architectures have different values, for example {example}\n\nHint: leave isomorphs=True out"
        raise FrameError(msg)
    return structures.join(archs.select("arch", "hash"), on="hash").drop("hash")
