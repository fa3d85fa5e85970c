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


def gaps(absent: list[int], count: int) -> Iterator[tuple[range, str]]:
    """Ranges of consecutive architectures that a source of ``count`` lacks, given in ascending order, and what to say of each."""
    reason = f"missing in the source, as {len(absent):,} of {count:,} are"
    start = 0
    for place in range(1, len(absent) + 1):
        if place == len(absent) or absent[place] != absent[place - 1] + 1:
            yield range(absent[start], absent[place - 1] + 1), reason
            start = place
