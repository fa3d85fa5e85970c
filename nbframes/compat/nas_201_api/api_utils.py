"""Results as ``nas_201_api.api_utils`` has them: those of ``nats_bench``, with numpy's means and fewer corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.compat.nats_bench import results, runs, stored
from nbframes.compat.nats_bench.api import NASBenchMetaAPI
from nbframes.compat.nats_bench.best import remap_dataset_set_names
from nbframes.compat.nats_bench.show import describe
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ArchResults", "NASBenchMetaAPI", "ResultsCount", "remap_dataset_set_names"]


class ResultsCount(runs.ResultsCount):
    """One training run, as ``nas_201_api.ResultsCount``."""

    @staticmethod
    def _mean(values: list[Any]) -> Any:
        return np.mean(values)

    @staticmethod
    def _sum(values: list[Any]) -> Any:
        return np.sum(values)

    def judge_valid(self, iepoch: int) -> None:
        """Check an epoch.

        Raises
        ------
        AssertionError
            If the run has no such epoch.
        """
        try:
            super().judge_valid(iepoch)
        except ValueError as error:
            raise AssertionError(*error.args) from None

    def update_eval(self, accs: dict[str, Any], losses: dict[str, Any], times: dict[str, Any]) -> None:
        """Add evaluation sets: values by ``"set@epoch"``, for every epoch.

        Raises
        ------
        AssertionError
            If there is such a set already.
        """
        try:
            super().update_eval(accs, losses, times)
        except ValueError as error:
            raise AssertionError(*error.args) from None

    def _eval_seconds(self, name: str, count: int) -> list[float] | None:
        try:
            return super()._eval_seconds(name, count)
        except ValueError:
            raise KeyError(f"{name}@{count - 1}") from None  # noqa: EM102  the key itself


class StoredRun(ResultsCount, stored.StoredRun):
    """One training run of a store; see `nbframes.compat.nats_bench.stored.StoredRun`."""

    _plain = ResultsCount


class ArchResults(results.ArchResults):
    """All runs of an architecture under one schedule, as ``nas_201_api.ArchResults``.

    Means are numpy's, and costs that the runs of an architecture disagree about are averaged.
    """

    _result = ResultsCount

    @staticmethod
    def mean(values: Sequence[Any]) -> Any:
        """Mean as upstream computes it."""
        return np.mean(values)

    @staticmethod
    def consistent(values: list[Any], seeds: list[int]) -> list[Any]:
        """All values: this API has no rule for runs that disagree."""
        del seeds
        return values

    @classmethod
    def create_from_state_dict(cls, state_dict_or_file: dict[str, Any] | str) -> ArchResults:
        """Make it of the plain data that `state_dict` gives.

        Raises
        ------
        InvalidArgumentError
            If a file is given.
        ValueError
            If it is neither.
        """
        if isinstance(state_dict_or_file, str):
            msg = (
                f"{state_dict_or_file!r}: files of torch are not read one by one\n\n"
                "Hint: export the whole .pth file with `nbframes export FILE`"
            )
            raise InvalidArgumentError(msg)
        return super().create_from_state_dict(state_dict_or_file)

    def update(self, dataset_name: str, seed: int, result: runs.ResultsCount) -> None:
        """Add a run.

        Raises
        ------
        AssertionError
            If there is one with this seed already.
        """
        try:
            super().update(dataset_name, seed, result)
        except ValueError as error:
            raise AssertionError(*error.args) from None

    def show(self, is_print: bool = False) -> list[str]:
        """Lines about the architecture, printed if ``is_print``."""
        return print_information(self, None, is_print)


def print_information(information: ArchResults, extra_info: str | None = None, show: bool = False) -> list[str]:
    """Lines about an architecture, printed if ``show``."""
    lines = [line.replace(" & top1", ", top1") for line in describe(information, extra_info, tests=False)]
    if show:
        print("\n".join(lines))
    return lines
