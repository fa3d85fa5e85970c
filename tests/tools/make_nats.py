"""Write NATS-Bench of any size, as its ``-simple`` folder or as its monolith: real architectures and costs; values are made up.

usage: python -m tests.tools.make_nats {tss,sss} OUT_FOLDER [--count ARCHS] [--jobs J] [--seed S]
       python -m tests.tools.make_nats {tss,sss} OUT.pickle.pbz2 [--count ARCHS] [--jobs J] [--seed S]
"""

from __future__ import annotations

import bz2
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.spaces import sss, tss
from nbframes.synthetic.nats import SSS, TSS, subjects
from nbframes.synthetic.nats_record import record
from tests.tools import nats_monolith
from tests.tools.full_size import Chunk, chunks, made, parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 32
SPACES = {"tss": (tss, TSS), "sss": (sss, SSS)}
FULL = {"tss": 15_625, "sss": 32_768}


def draw(part: Chunk, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Draw the records of a chunk by number. Losses are means of float64 values upstream: they get digits that no float32 has."""
    space, training = SPACES[name]
    strings = space.from_index(pl.Series(range(part.first, part.first + part.count)))
    for subject in subjects(space, strings, part.seed, first=part.first):
        made_up = record(subject, training, part.seed)
        rng = np.random.default_rng([part.seed, subject.number])
        for state in made_up.values():
            for result in state["all_results"].values():
                for field in ("train_losses", "eval_losses"):
                    losses = np.array(list(result[field].values()))
                    finer = losses * (1 + rng.uniform(0, 1e-8, len(losses)))
                    result[field] = dict(zip(result[field], finer.tolist(), strict=True))
        yield subject.number, made_up


def pickled(part: Chunk, name: str) -> list[tuple[int, bytes]]:
    """Pickle the records of a chunk."""
    return [(number, pickle.dumps(made_up, 4)) for number, made_up in draw(part, name)]


def write_files(part: Chunk, name: str, folder: Path) -> int:
    """Write the records of a chunk as files."""
    for number, content in pickled(part, name):
        (folder / f"{number:06d}.pickle.pbz2").write_bytes(bz2.compress(content))
    return part.count


def write(name: str, out: Path, *, count: int | None = None, jobs: int = 1, seed: int = 0) -> None:
    """Write the folder, or the monolith if ``out`` ends as its name does."""
    from tests.tools import make_nats  # by its name, so that other processes find what they are to do

    count = count or FULL[name]
    strings = SPACES[name][0].from_index(pl.Series(range(FULL[name])))[:count].to_list()
    parts = chunks(count, CHUNK, seed)
    if out.name.endswith(".pickle.pbz2"):
        with bz2.open(out, "wb") as file:
            records = (one for some in made(make_nats.pickled, parts, jobs, name) for one in some)
            nats_monolith.write(strings, records, file)
        return
    out.mkdir(parents=True)
    meta = {"meta_archs": strings, "total_archs": count, "arch2infos": None, "evaluated_indexes": set()}
    (out / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    for _ in made(make_nats.write_files, parts, jobs, name, out):
        pass


def main() -> None:
    options = parser(__doc__, spaces=SPACES).parse_args()
    write(options.space, options.out, count=options.count, jobs=options.jobs, seed=options.seed)


if __name__ == "__main__":
    main()
