"""What ``get_more_info`` gives, from the runs of one schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nbframes.compat.nats_bench.results import ArchResults


_SETS: Final = {"cifar10-valid": {"valid": "x-valid", "test": "ori-test"}, "cifar10": {"test": "ori-test"}}
_THREE_SETS: Final = {"valid": "x-valid", "test": "x-test", "valtest": "ori-test"}


def more_info(
    results: ArchResults, dataset: str, iepoch: int | None, hp: object, is_random: bool | int
) -> dict[str, Any]:
    """Collect what ``get_more_info`` gives from the runs of one schedule."""
    train = results.get_metrics(dataset, "train", iepoch=iepoch, is_random=is_random)
    total = train["iepoch"] + 1
    info = _named("train", train, total)
    if comment := _comment(dataset, hp):
        info["comment"] = comment
    for title, name in _SETS.get(dataset, _THREE_SETS).items():
        try:
            metrics = results.get_metrics(dataset, name, iepoch=iepoch, is_random=is_random)
        except (KeyError, ValueError):
            if dataset == "cifar10-valid" and title == "valid":
                raise
            continue
        info |= _named(title, metrics, total)
    return info


def _named(title: str, metrics: dict[str, Any], total: float) -> dict[str, Any]:
    elapsed = metrics["all_time"]
    return {
        f"{title}-loss": metrics["loss"],
        f"{title}-accuracy": metrics["accuracy"],
        f"{title}-per-time": None if elapsed is None else elapsed / total,
        f"{title}-all-time": elapsed,
    }


def _comment(dataset: str, hp: object) -> str:
    trained_on = {
        "cifar10-valid": ("set of CIFAR-10", "train set"),
        "cifar10": ("sets of CIFAR-10", "train+valid sets"),
    }
    if dataset not in trained_on:
        return ""
    where, sets = trained_on[dataset]
    return (
        f"In this dict, train-loss/accuracy/time is the metric on the {sets.split(' ')[0]} {where}. "
        "The test-loss/accuracy/time is the performance of the CIFAR-10 test set after training on the "
        f"{sets} by {hp} epochs. The per-time and total-time indicate the per epoch and total time costs, respectively."
    )
