"""What the writers of full-size upstream files share: their command line, and work in processes whose results come in order.

Files have upstream's form and real architectures; every value is made up. They are for measuring at the real scale; never quote
their numbers as results of a benchmark.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nbframes.export.workers import Task, results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Chunk(NamedTuple):
    """Consecutive architectures that one task makes; what is drawn of one does not depend on how many are asked for."""

    first: int
    count: int
    seed: int


def chunks(count: int, size: int, seed: int) -> Iterator[Chunk]:
    """Chunks of ``size`` architectures each, the last one shorter, of ``count`` in total."""
    for first in range(0, count, size):
        yield Chunk(first, min(size, count - first), seed)


def made(work: Callable[..., object], parts: Iterator[Chunk], jobs: int, *more: object) -> Iterator:
    """Results of ``work`` for every chunk, in order; few wait at a time, however many there are."""
    return results((Task(work, (part, *more)) for part in parts), jobs)


def parser(doc: str | None, *, spaces: Iterable[str] = ()) -> argparse.ArgumentParser:
    """Arguments that every writer has: of which space, where to, how many, in how many processes, with which seed."""
    arguments = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if spaces:
        arguments.add_argument("space", choices=spaces)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--count", type=int, help="how many; by default as many as upstream has")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--seed", type=int, default=0)
    return arguments
