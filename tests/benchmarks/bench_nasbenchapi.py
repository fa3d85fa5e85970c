"""NASBenchAPI's calls on a store and on NASBenchAPI itself, each in a process of its own.

usage: bench_nasbenchapi.py STORE [--nb101 PICKLE] [--nb201 PICKLE] [--nb301 PICKLE] [--queries N]

STORE holds the benchmarks; each pickle is the source of the one in the store, or made of the same records.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from tests.benchmarks.table import Row, print_table

WORK = """
import json, random, resource, sys, time

start = time.perf_counter()
number, source, count, package = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
if package == "ours":
    from nbframes.compat import nasbenchapi
else:
    import nasbenchapi
api = getattr(nasbenchapi, f"NASBench{number}")(source, verbose=False)
first = next(iter(api.iter_all()))
ask = (lambda arch: api.query(arch)) if number == "101" else (lambda arch: api.query(arch, "cifar10", "test"))
ask(first)
opened = time.perf_counter() - start
first_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
archs = random.Random(0).choices(api.random_sample(2000, seed=0), k=count)
for arch in archs[:100]:
    ask(arch)
start = time.perf_counter()
for arch in archs:
    ask(arch)
queries = time.perf_counter() - start
start = time.perf_counter()
if number == "101":
    for arch in archs[:20]:
        api.query(arch, summary=True)
else:
    for arch in archs[:20]:
        api.query(arch, "cifar10", "val", budget=49)
rare = time.perf_counter() - start
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"opened": opened, "first_memory": first_memory, "queries": queries, "rare": rare, "memory": memory}))
"""


def run(number: str, source: str, count: int, package: str) -> dict[str, float]:
    command = [sys.executable, "-c", WORK, number, source, str(count), package]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def median(number: str, source: str, count: int, package: str, repeat: int) -> dict[str, float]:
    runs = [run(number, source, count, package) for _ in range(repeat)]
    return {key: statistics.median(one[key] for one in runs) for key in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    for number in ("101", "201", "301"):
        parser.add_argument(f"--nb{number}", metavar="PICKLE")
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = vars(parser.parse_args())
    count = options["queries"]
    for number in ("101", "201", "301"):
        if pickle := options[f"nb{number}"]:
            ours = median(number, options["store"], count, "ours", options["repeat"])
            peer = median(number, pickle, count, "peer", 1)
            rare = "20 summaries" if number == "101" else "20 values of curves"
            rows = [
                Row("new process to first answer", ours["opened"], peer["opened"], "nasbenchapi", unit="s"),
                Row("memory then", ours["first_memory"], peer["first_memory"], "nasbenchapi", unit="MB"),
                Row(f"{count:,} queries", ours["queries"] * 1e3, peer["queries"] * 1e3, "nasbenchapi"),
                Row(rare, ours["rare"] * 1e3, peer["rare"] * 1e3, "nasbenchapi"),
                Row("peak memory", ours["memory"], peer["memory"], "nasbenchapi", unit="MB"),
            ]
            print_table(f"NASBench{number}", rows)


if __name__ == "__main__":
    main()
