"""Damaged sources of every format, read: nothing but words may come out, in time, and no row that the source does not hold.

python -m tests.robustness.fuzz --cases 20000 --jobs 2
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import NBFramesError
from nbframes.export.formats import detect
from tests.robustness import mutate, oracle
from tests.robustness.sources import FORMATS, Once, kept

LEVELS = ("raw", "inner", "object")
GOOD = ("read", "refused")
SECONDS = 10
EXAMPLES = 20


class Case(NamedTuple):
    """One damaged source: everything about it follows from these."""

    format: str
    level: str
    seed: int


class Outcome(NamedTuple):
    """What became of a case."""

    case: Case
    result: str
    """``read``, ``refused``, or what must not be: ``raw``, ``hang``, ``invented``, ``not skipped``."""
    detail: str = ""


class Hang(BaseException):
    pass


def cases(count, seed):
    """``count`` cases, spread evenly over formats and levels."""
    pairs = [(format, level) for format in FORMATS for level in LEVELS]
    return [Case(*pairs[k % len(pairs)], seed * 1_000_000 + k) for k in range(count)]


def build(case, path):
    """Write the source of a case."""
    rng = np.random.default_rng(case.seed)
    form = FORMATS[case.format]
    if case.level == "object":
        while not _written(form, mutate.bend_object(form.content, rng, form.hostile), path):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    elif case.level == "inner":
        form.write(form.content, path, Once(lambda data: mutate.bend_bytes(data, rng), rng))
    else:
        form.write(form.content, path, kept)
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        file = files[int(rng.integers(len(files)))]
        file.write_bytes(mutate.bend_bytes(file.read_bytes(), rng))
    return path


def _written(form, content, path):
    """Whether the format can hold the content at all: not every text is a name of a file."""
    try:
        form.write(content, path, kept)
    except (OSError, ValueError, IndexError):  # a zip asks an empty name for its last character
        return False
    return True


def rows_of(path, on_error):
    """Rows that a reader gives, as the facts of the oracle; None where it refuses."""
    reader = detect(path)
    facts, archs, runs = Counter(), [], []
    parts = []
    for batch in reader.batches(jobs=1, on_error=on_error):
        parts += batch.rows
        if batch.archs.height:
            archs.append(batch.archs)
            runs.append(batch.runs)
    if not archs:
        return None
    names = {row["arch"]: row for row in pl.concat(archs).iter_rows(named=True)}
    for rows in parts:
        for arch, schedule, budget, seed, value in zip(*(column.tolist() for column in rows[2:]), strict=True):
            fact = _fact(reader.benchmark, rows, (arch, schedule, budget, seed, value), names)
            facts[fact] += 1
    return facts


def _fact(benchmark, rows, row, names):
    arch, schedule, budget, seed, value = row
    metric, dataset, split = rows.partition
    if benchmark == "nb301":
        return metric, split, oracle.bits(value)
    if benchmark == "nb101":
        value = value / 100 if metric == "accuracy" else value
        when = "final" if rows.final else "halfway"
        return names[arch]["hash"], names[arch]["arch_str"], metric, split, str(schedule), when, oracle.bits(value)
    return arch, metric, dataset, split, schedule, budget, seed, oracle.bits(value)


def run(case):
    """Read the source of a case in both modes and judge what comes out."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    signal.signal(signal.SIGALRM, _hang)
    try:
        path = folder / "source"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            build(case, path)
            outcomes = [_judged(case, path, on_error) for on_error in ("raise", "skip")]
        return min(outcomes, key=lambda outcome: GOOD.index(outcome.result) if outcome.result in GOOD else -1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _judged(case, path, on_error):
    signal.alarm(SECONDS)
    try:
        facts = rows_of(path, on_error)
    except NBFramesError as error:
        return Outcome(case, "refused", str(error))
    except Hang:
        return Outcome(case, "hang", "".join(traceback.format_exc(limit=-6)))
    except Exception:
        return Outcome(case, "raw", "".join(traceback.format_exc(limit=-6)))
    finally:
        signal.alarm(0)
    if facts is None:
        return Outcome(case, "refused", "nothing left")
    form = FORMATS[case.format]
    if case.level == "raw" and form.checksums:  # whole pieces may stand there twice, but no other ones
        known = _original(case.format)
        invented = Counter({fact: count for fact, count in facts.items() if fact not in known})
    else:
        invented = facts - form.facts(path)
    if invented:
        return Outcome(case, "invented", f"{on_error}: {sum(invented.values())} rows, such as {next(iter(invented))}")
    return Outcome(case, "read")


_ORIGINALS = {}


def _original(name):
    """Facts of the undamaged source."""
    if name not in _ORIGINALS:
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        FORMATS[name].write(FORMATS[name].content, folder / "source", kept)
        _ORIGINALS[name] = FORMATS[name].facts(folder / "source")
        shutil.rmtree(folder)
    return _ORIGINALS[name]


def _hang(*_):
    raise Hang


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--format", choices=FORMATS)
    options = parser.parse_args()
    begin = time.monotonic()
    found = Counter()
    bad = []
    chosen = [case for case in cases(options.cases, options.seed) if options.format in (None, case.format)]
    spawn = multiprocessing.get_context("spawn")  # a forked Polars may wait for threads that are not there
    with ProcessPoolExecutor(options.jobs, mp_context=spawn) as pool:
        for done, outcome in enumerate(pool.map(run, chosen, chunksize=50), 1):
            found[outcome.result] += 1
            if outcome.result not in GOOD:
                bad.append(outcome)
            if done % 2000 == 0:
                print(f"{done:,} {dict(found)} {time.monotonic() - begin:.0f} s", flush=True)
    for outcome in bad[:EXAMPLES]:
        print(f"\n{outcome.case}: {outcome.result}\n{outcome.detail}")
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(f"{len(chosen):,} cases: {dict(found)}; {time.monotonic() - begin:.0f} s, peak {peak:.0f} MB a process")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
