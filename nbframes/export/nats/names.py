"""What a source of NATS-Bench is called and of: its search space, its version, its gaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbframes.errors import SourceError, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nbframes.spaces.base import Space


def space_of(strings: Sequence[str], where: str) -> tuple[str, Space]:
    """Benchmark and search space of a list of architecture strings.

    Raises
    ------
    SourceError
        If the first of them is of neither space.
    """
    from nbframes.spaces import sss, tss

    for benchmark, space in (("nats-tss", tss), ("nats-sss", sss)):
        if strings and type(strings[0]) is str and space.is_valid(strings[0]):
            return benchmark, space
    msg = f"{where}: {listed(strings[:1])} is an architecture of neither the topology space nor the size space of NATS-Bench"
    raise SourceError(msg)


def version_of(path: Path, benchmark: str) -> str:
    """Upstream's version from the name of the source; the files themselves do not say."""
    found = re.match(r"NATS-[ts]ss-v\d+_\d+-[0-9a-f]+", path.name)
    return (
        found[0]
        if found
        else f"NATS-{benchmark.removeprefix('nats-')}, version unknown (the source is called {path.name!r})"
    )


def ranges(numbers: list[int]) -> Iterator[range]:
    """Ranges of consecutive numbers in an ascending list."""
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield range(numbers[start], numbers[place - 1] + 1)
            start = place
