"""Write the run logs of NAS-Bench-301, as its folder or as a zip of it: cells of the space; values are made up.

usage: python -m tests.tools.make_nb301 OUT_FOLDER|OUT.zip [--count RUNS] [--jobs J] [--seed S]
"""

from __future__ import annotations

import json
import zipfile
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.spaces import darts
from nbframes.synthetic.nb301 import candidates, run
from tests.tools.full_size import Chunk, chunks, made, parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 256
FULL = 57_189
ROOT = "nb_301_v13_lc_iclr_final"
SHARES = {
    "rs": 0.45,
    "de": 0.15,
    "tpe": 0.14,
    "re": 0.09,
    "bananas": 0.05,
    "darts": 0.05,
    "pc_darts": 0.03,
    "drnas": 0.04,
}
"""Of the runs, roughly as in the release."""


def draw(part: Chunk) -> Iterator[tuple[str, dict[str, Any]]]:
    """Draw the runs of a chunk by path below the root: optimizers take turns as their shares say, numbers have gaps."""
    rng = np.random.default_rng([part.seed, part.first])
    cells = darts.sample(CHUNK, seed=int(rng.integers(2**32)))["arch_str"][: part.count]
    limits = list(accumulate(SHARES.values()))
    for number, candidate in enumerate(candidates(cells, part.seed), part.first):
        optimizer = list(SHARES)[int(np.searchsorted(limits, number % 100 / 100, side="right"))]
        own = np.random.default_rng([part.seed, number])
        yield f"{optimizer}/results_{number + number // 7}.json", run(candidate, optimizer, own)


def logs(part: Chunk) -> list[tuple[str, bytes]]:
    """Write the logs of a chunk as JSON."""
    return [(path, json.dumps(log).encode()) for path, log in draw(part)]


def write_files(part: Chunk, root: Path) -> int:
    """Write the logs of a chunk as files."""
    for path, log in logs(part):
        (root / path).write_bytes(log)
    return part.count


def write(out: Path, *, count: int | None = None, jobs: int = 1, seed: int = 0) -> None:
    """Write the folder, or the zip if ``out`` ends as its name does."""
    from tests.tools import make_nb301  # by its name, so that other processes find what they are to do

    parts = chunks(count or FULL, CHUNK, seed)
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "w") as archive:
            for some in made(make_nb301.logs, parts, jobs):
                for path, log in some:
                    member = zipfile.ZipInfo(f"{ROOT}/{path}")  # dated 1980: equal seeds write equal bytes
                    archive.writestr(member, log, zipfile.ZIP_DEFLATED)
        return
    for optimizer in SHARES:
        (out / optimizer).mkdir(parents=True)
    for _ in made(make_nb301.write_files, parts, jobs, out):
        pass


def main() -> None:
    options = parser(__doc__).parse_args()
    write(options.out, count=options.count, jobs=options.jobs, seed=options.seed)


if __name__ == "__main__":
    main()
