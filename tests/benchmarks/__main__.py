"""All benchmarks, one after the other, alone on the machine: ``python -m tests.benchmarks [--quick]``.

Each script prints ratios of ours to a peer that ran beside it. The tables, the machine and the versions are written to ``RESULTS.md``. What needs
files of full size (see ``tests/tools``) says so where they are not given.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.table import MISSED

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
PACKAGES = ("polars", "pyarrow", "numpy", "moocore", "scipy", "duckdb", "nats_bench", "nasbenchapi", "onnxruntime")


class Plan(NamedTuple):
    """A script with its arguments, small and full; those in braces are paths below ``--files``."""

    script: str
    quick: tuple[str, ...] | None
    full: tuple[str, ...]


PLANS = (
    Plan("bench_aggregates.py", ("--archs", "2000", "--budgets", "50"), ()),
    Plan("bench_helpers.py", ("--repeat", "5"), ()),
    Plan("bench_helpers.py", None, ("--archs", "423624", "--repeat", "5")),
    Plan("bench_pareto.py", ("--size", "50000", "--repeat", "3"), ()),
    Plan("bench_ranking.py", ("--archs", "4000", "--budgets", "40", "--large", "50000"), ()),
    Plan("bench_nats_spaces.py", ("--repeat", "3"), ()),
    Plan("bench_nb101_space.py", ("--size", "20000", "--peer", "1000"), ()),
    Plan("bench_search.py", ("--runs", "100"), ()),
    Plan("bench_attach.py", ("--repeat", "3"), ("--store", "{store}")),
    Plan("bench_explorer.py", ("--repeat", "3"), ()),
    Plan("bench_write.py", ("--rows", "1000000"), ("--rows", "50000000")),
    Plan("bench_export_nb201.py", ("--count", "40", "--peer", "40", "--repeat", "1"), ("--file", "{nb201.pth}")),
    Plan("bench_query.py", None, ("--store", "{store}", "--benchmark", "nats-tss")),
    Plan("bench_query.py", None, ("--store", "{store}", "--benchmark", "nb101")),
    Plan("bench_lookup.py", None, ("--store", "{store}")),
    Plan("bench_nasbenchapi.py", None, ("{store}", "--nb101", "{nasbench101_full.pkl}")),
    Plan("bench_export_nb101.py", None, ("{nasbench_full.tfrecord}", "--repeat", "1")),
    Plan(
        "bench_export_nats.py",
        None,
        ("{NATS-tss-v1_0-3ffb9-simple}", "--monolith", "{NATS-tss-v1_0-3ffb9.pickle.pbz2}"),
    ),
    Plan("bench_nb301.py", None, ("{nb301}", "--repeat", "1")),
    Plan("bench_surrogate.py", None, ("{surrogate}",)),
    Plan(
        "bench_fit.py",
        ("--runs", "2000", "--cells", "4000", "--rounds", "20", "--members", "2"),
        ("--rounds", "50", "--members", "2"),
    ),
    Plan("bench_fit.py", None, ("--cells", "4000")),
    Plan("bench_memory.py", ("--rows", "3000000", "--limit", "500"), ("--store", "{store}")),
    Plan("bench_scale.py", ("--cells", "20000", "--shard", "2048"), ("--surrogate", "{surrogate}")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, in minutes")
    parser.add_argument(
        "--files",
        type=Path,
        help="folder with files of full size, which tests/tools/make_*.py write, a store and a surrogate",
    )
    parser.add_argument("--only", metavar="TEXT", help="scripts whose name has it")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    sections = [_head(options)]
    for plan in PLANS:
        if not options.only or options.only in plan.script:
            sections.append(_section(plan, options))
            options.out.write_text(
                "\n".join(sections), "utf-8"
            )  # what was measured stays if a later one is interrupted
    print(options.out)


def _section(plan: Plan, options: argparse.Namespace) -> str:
    given = plan.quick if options.quick else plan.full
    title = f"## {plan.script.removeprefix('bench_').removesuffix('.py').replace('_', ' ')}\n"
    if given is None:
        return f"{title}\nOnly at full size.\n"
    paths = {word: options.files / word[1:-1] if options.files else None for word in given if word.startswith("{")}
    if absent := [word for word, path in paths.items() if path is None or not path.exists()]:
        return f"{title}\nNot run: it needs {', '.join(absent)} below `--files`.\n"
    words = [str(paths.get(word, word)) for word in given]
    print(plan.script, *words, flush=True)
    command = [sys.executable, "-m", f"tests.benchmarks.{plan.script.removesuffix('.py')}", *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parents[1])
    if result.returncode:
        return f"{title}\nFailed: `{result.stderr.strip().splitlines()[-1][:300]}`\n"
    lines = result.stdout.strip().splitlines()
    shown = "\n".join(line for line in lines if not line.startswith(MISSED))
    missed = "".join(f"- {line}\n" for line in lines if line.startswith(MISSED))
    return f"{title}\n`{plan.script} {' '.join(given)}`\n\n```text\n{shown}\n```\n\n{missed}"


def _head(options: argparse.Namespace) -> str:
    size = "small sizes (`--quick`)" if options.quick else "full size"
    return f"""# Benchmarks

Ratios are ours to the peer's, measured in one run on one machine; below 1 is faster. {size.capitalize()}.

- machine: {platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}
- versions: {", ".join(f"{name} {_version(name)}" for name in PACKAGES)}
- day: {datetime.datetime.now(datetime.UTC).date()}; load when it began: {os.getloadavg()[0]:.1f}
- again: `python -m tests.benchmarks{" --quick" if options.quick else ""}`
"""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


if __name__ == "__main__":
    main()
