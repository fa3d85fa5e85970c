"""One block of searches side by side, from the first query to the last that fits the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbframes.errors import InvalidArgumentError
from nbframes.search.frames import block_frame
from nbframes.search.ledger import Ledger
from nbframes.search.observations import Observations

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

    from nbframes.search.block import Block
    from nbframes.search.observations import Proposal, Searcher


def frames(block: Block) -> Iterator[pl.DataFrame]:
    """Simulate a block; gives its queries in parts of a bounded size, runs in order within each."""
    together = block.runs if hasattr(block.algorithm, "start") else 1
    for first in range(block.first, block.first + block.runs, together):
        yield from _side_by_side(block._replace(first=first, runs=together))


def block_frames(block: Block) -> list[pl.DataFrame]:
    """All parts of a block, for another process to send back."""
    return list(frames(block))


def _side_by_side(block: Block) -> Iterator[pl.DataFrame]:
    problem, (rng, draws) = block.problem, block.generators()
    search = _started(block, rng)
    time = np.zeros(block.runs)
    ledger = Ledger(block.runs, block.budget)
    while True:
        codes, budget = _proposal(search.ask(block.runs), block)
        answer = problem.query(codes, draws, budget=budget)
        time = time + answer.cost
        scores = problem.scores(answer.values)
        ledger.add(answer, scores[:, 0], budget, time)
        if not (time <= block.budget).any():
            break
        search.tell(Observations(codes, answer.arch, scores, budget, time))
        if ledger.full:
            yield block_frame(block, ledger.empty())
    yield block_frame(block, ledger.empty())


def _started(block: Block, rng: np.random.Generator) -> Searcher:
    if hasattr(block.algorithm, "start"):
        started: Searcher = block.algorithm.start(block.problem, block.runs, rng)
        return started
    own: Searcher = block.algorithm(block.problem, rng)
    return own


def _proposal(asked: Proposal, block: Block) -> tuple[NDArray[np.uint8], int]:
    """Rows and budget of what an algorithm proposes, checked."""
    codes, budget = asked if isinstance(asked, tuple) else (asked, block.problem.budgets[-1])
    shape = (block.runs, len(block.problem.space.sizes))
    codes = np.asarray(codes)
    if codes.shape != shape or codes.dtype.kind not in "iu":
        msg = (
            f"{block.name}.ask({block.runs}) should give whole numbers of shape {shape}, one row for each search, "
            f"not {codes.dtype} of shape {codes.shape}"
        )
        raise InvalidArgumentError(msg)
    return codes.astype(np.uint8, copy=False), budget
