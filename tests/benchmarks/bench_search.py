"""Simulated search beside the loop that people write for it: on nats_bench's API, and on a nested dict.

python -m tests.benchmarks.bench_search [--runs 500] [--store STORE --peer NATS-tss-v1_0-3ffb9-simple]

Values are the published ones that travel with the package (200 epochs, training seconds); the loops are regularised evolution and
random search as NATS-Bench's scripts have them. With a store and the folder that it was exported from, the peer is nats_bench itself.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import nbframes as nbf
from nbframes.spaces import tss
from tests.benchmarks.table import Row, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
Query = Any
"""From a cell to its accuracy and the seconds so far."""


def measure(work: Callable[[], object], *, repeat: int = 5) -> float:
    """Least CPU time of ``work`` in milliseconds, so that a busy machine weighs little."""
    times = []
    for _ in range(repeat):
        begin = time.process_time()
        work()
        times.append((time.process_time() - begin) * 1e3)
    return min(times)


def spelled(cell: list[str]) -> str:
    """Upstream's text of a cell."""
    a, b, c, d, e, f = cell
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def propose(population: deque[tuple[list[str], float]]) -> list[str]:
    """A random cell, or the child of the best of three members."""
    if len(population) < 10:
        return [random.choice(OPERATIONS) for _ in range(6)]
    sample = [random.choice(list(population)) for _ in range(3)]
    cell = list(max(sample, key=lambda member: member[1])[0])
    place = random.randrange(6)
    cell[place] = random.choice([name for name in OPERATIONS if name != cell[place]])
    return cell


def evolve(query: Callable[[list[str]], tuple[float, float]], budget: float, known: set[str] | None = None) -> int:
    """One run of regularised evolution; how many queries it made. Where only some cells are known, others are drawn again."""
    population: deque[tuple[list[str], float]] = deque()
    queries, clock = 0, 0.0
    while clock < budget:
        cell = propose(population)
        while known is not None and spelled(cell) not in known:
            cell = propose(population)
        accuracy, cost = query(cell)
        clock += cost
        queries += 1
        population.append((cell, accuracy))
        if len(population) > 10:
            population.popleft()
    return queries


def nested() -> Callable[[list[str]], tuple[float, float]]:
    """The values in a dict of dicts, as a script would load them once."""
    rows = nbf.published.store().scan("nats-tss").filter(nbf.dataset("cifar100"), nbf.schedule(200))
    values = rows.filter(nbf.split("val")).select("arch", "seed", "value")
    times = rows.filter(nbf.metric("time")).select("arch", "seed", cost="value")
    found: dict[str, dict[int, tuple[float, float]]] = {}
    texts = tss.enumerate()["arch_str"].to_list()
    for arch, seed, value, cost in values.join(times, on=["arch", "seed"]).collect().iter_rows():
        found.setdefault(texts[arch], {})[seed] = (value, cost)

    def query(cell: list[str]) -> tuple[float, float]:
        runs = found[spelled(cell)]
        return runs[random.choice(list(runs))]

    return query


def on_api(source: str, create: Callable[..., Any]) -> Callable[[list[str]], tuple[float, float]]:
    """The official scripts' way: simulate_train_eval."""
    api = create(source, "tss", fast_mode=True, verbose=False)

    def query(cell: list[str]) -> tuple[float, float]:
        accuracy, _, cost, _ = api.simulate_train_eval(spelled(cell), "cifar100", hp="12")
        return accuracy, cost

    return query


def loop(
    query: Callable[[list[str]], tuple[float, float]], runs: int, budget: float, known: set[str] | None = None
) -> tuple[float, int]:
    """CPU milliseconds and queries of plain runs, one after the other."""
    random.seed(0)
    begin = time.process_time()
    queries = sum(evolve(query, budget, known) for _ in range(runs))
    return (time.process_time() - begin) * 1e3, queries


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--store", help="store with nats-tss")
    parser.add_argument("--peer", help="folder or file of nats_bench that the store was exported from")
    options = parser.parse_args()
    budget, runs = 1_000_000.0, options.runs
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
    ours = measure(lambda: nbf.search.run("evolution", problem, runs=runs, budget=budget, jobs=1))
    plain, asked = loop(nested(), runs, budget)
    rows = [Row(f"{runs} runs of evolution, {asked:,} queries", ours, plain, "loop on a dict", "<= 1,000 ms")]
    for name in ("random", "local", "reinforce"):
        frame = nbf.search.run(name, problem, runs=runs, budget=budget, jobs=1)
        spent = measure(lambda name=name: nbf.search.run(name, problem, runs=runs, budget=budget, jobs=1), repeat=3)
        rows.append(Row(f"{runs} runs of {name}, {frame.height:,} queries", spent))
    many = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    million = measure(lambda: nbf.search.run("random", many, runs=1000, budget=1000, jobs=1), repeat=3)
    rows.append(Row("random search, 1,000,000 queries", million, budget="<= 1,000 ms"))
    curve = nbf.search.Problem(
        nbf.published.store(), "nats-tss", dataset="cifar100", observe={"schedule": (12, 200)}, clock="evaluations"
    )
    for name in ("hyperband", "bohb"):
        frame = nbf.search.run(name, curve, runs=runs, budget=100, jobs=1)
        spent = measure(lambda name=name: nbf.search.run(name, curve, runs=runs, budget=100, jobs=1), repeat=3)
        rows.append(Row(f"{runs} runs of {name}, {frame.height:,} queries", spent))
    frame = nbf.search.run(["random", "evolution", "local"], problem, runs=runs, budget=budget)
    rows.append(Row(f"nbf.anytime of {frame.height:,} queries", measure(lambda: nbf.anytime(frame))))
    rows.append(Row("compare three algorithms", measure(lambda: nbf.search.compare(frame))))
    rows.append(
        Row(
            "a problem from the store",
            measure(lambda: nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")),
        )
    )
    if options.store and options.peer:
        rows += peers(options)
    print_table(f"simulated search, CIFAR-100, published values, {budget:,.0f} simulated seconds; CPU time", rows)


def peers(options: argparse.Namespace) -> list[Row]:
    """The paper's protocol (12 epochs, 40,000 seconds) beside the loop on nats_bench, and on our module of its API."""
    import nats_bench

    from nbframes.compat import nats_bench as view

    problem = nbf.search.Problem(options.store, "nats-tss", dataset="cifar100", observe={"schedule": 12})
    known = set(nbf.open_store(options.store).scan_archs("nats-tss").collect()["arch_str"])
    ours = measure(lambda: nbf.search.run("evolution", problem, runs=options.runs, budget=40_000, jobs=1))
    few = max(options.runs // 100, 1)
    rows = []
    for name, create, source in (
        ("nats_bench", nats_bench.create, options.peer),
        ("compat", view.create, options.store),
    ):
        query = on_api(source, create)
        loop(query, few, 40_000, known)  # what is read once is read before
        spent, asked = loop(query, few, 40_000, known)
        work = f"{options.runs} runs of evolution, 12 epochs, {len(known):,} cells"
        rows.append(Row(work, ours, spent * options.runs / few, f"{name}, {asked:,} queries", "<= 1,000 ms"))
    return rows


if __name__ == "__main__":
    main()
