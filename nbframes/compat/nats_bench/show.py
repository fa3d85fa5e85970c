"""Architectures in words and numbers, as ``nats_bench`` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbframes.compat.nats_bench.results import ArchResults

_SETS = {"cifar10-valid": {"valid": "x-valid"}, "cifar10": {"test ": "ori-test"}}
_OTHERS = {"valid": "x-valid", "test": "x-test"}


def describe(results: ArchResults, extra: str | None = None, *, tests: bool) -> list[str]:
    """Lines about an architecture: its datasets, costs, losses and accuracies, means over the runs.

    Parameters
    ----------
    results
        The runs of one schedule.
    extra
        What to note beside the datasets.
    tests
        Whether to give the test set of ``cifar10-valid``, as upstream does for the size space.
    """
    names = results.get_dataset_names()
    lines = [results.arch_str, f"datasets : {names}, extra-info : {extra}"]
    for dataset in names:
        costs = results.get_compute_costs(dataset)
        latency = costs["latency"]
        milliseconds = f"{latency * 1000:.2f}" if latency is not None and latency > 0 else None
        lines.append(
            f"{dataset:14s} FLOP={costs['flops']:6.2f} M, Params={costs['params']:.3f} MB, latency={milliseconds} ms."
        )
        sets = {"train": "train"} | _SETS.get(dataset, _OTHERS)
        if dataset == "cifar10-valid" and tests:
            sets |= {"test": "ori-test"}
        parts = []
        for title, name in sets.items():
            metrics = results.get_metrics(dataset, name)
            parts.append(f"{title} : [loss = {metrics['loss']:.3f} & top1 = {metrics['accuracy']:.2f}%]")
        lines.append(f"{dataset:14s} {', '.join(parts)}")
    return lines
