"""The tidy frame of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.analysis._frames import returned
from nbframes.errors import FrameError
from nbframes.schema import categorical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbframes.search.block import Block

ALGORITHM: Final = categorical("algorithm")
PROBLEM: Final = categorical("problem")
CLOCK: Final = categorical("clock")
UNIT: Final = categorical("unit")

# Polars forgets a named mapping when no series uses it; these keep it for the life of the process.
_KEPT: Final = [pl.Series([], dtype=dtype) for dtype in (ALGORITHM, PROBLEM, CLOCK, UNIT)]


def block_frame(block: Block, columns: dict[str, NDArray[Any]]) -> pl.DataFrame:
    """Queries of a block, with the columns that `nbframes.search.run` gives."""
    problem, observed = block.problem, columns["observed"]
    others = [pl.Series(name, observed[:, k]) for k, name in enumerate(problem.metrics) if k > 0]
    frame = pl.DataFrame(
        [
            pl.Series("run", columns["run"] + block.first).cast(pl.Int32),
            pl.Series("step", columns["step"]).cast(pl.Int32),
            pl.Series("arch", columns["arch"]).cast(problem.arch_type),
            pl.Series("budget", columns["budget"]).cast(pl.Int32),
            pl.Series("time", columns["time"]),
            pl.Series("observed", observed[:, 0]),
            pl.Series("incumbent", columns["incumbent"]).cast(problem.arch_type),
            pl.Series("reported", columns["reported"]),
            pl.Series("regret", problem.regret(columns["reported"])),
            *others,
        ]
    )
    named = {
        "algorithm": (block.name, ALGORITHM),
        "problem": (problem.name, PROBLEM),
        "clock": (problem.clock, CLOCK),
        "unit": (problem.unit, UNIT),
    }
    constants = [
        pl.repeat(value, frame.height, eager=True, dtype=pl.String).cast(dtype).alias(name)
        for name, (value, dtype) in named.items()
    ]
    return frame.with_columns(constants).select("algorithm", pl.exclude("algorithm"))


def queries(frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The frame of `nbframes.search.run`, checked for the columns that a helper needs."""
    there = returned(frame, [name for name in columns if name != "unit"], "nbf.search.run")
    if "unit" in columns and "unit" not in there.collect_schema():  # as in frames that earlier versions wrote
        there = there.with_columns(pl.lit("").alias("unit"))
    found = there.select(columns).collect()
    if found.is_empty():
        msg = "there are no queries: the budget was too small for the first one"
        raise FrameError(msg)
    return found
