"""One training run as plain data, with the members of ``nats_bench.ResultsCount``."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable


def mean(xlist: list[Any]) -> Any:
    """Mean by the builtin sum in order, as upstream computes it."""
    return sum(xlist) / len(xlist)


class ResultsCount:
    """One training run, as ``nats_bench.ResultsCount``.

    Parameters
    ----------
    name
        Dataset.
    state_dict
        Weights, or None.
    train_accs, train_losses
        Accuracy in percent and loss by epoch, counted from 0.
    params, flop
        Parameters and operations in millions.
    arch_config
        Configuration of the network.
    seed, epochs
        Seed and schedule of the run.
    latency
        Measured latencies in seconds, or None.
    """

    def __init__(
        self,
        name: Any,
        state_dict: Any,
        train_accs: Any,
        train_losses: Any,
        params: Any,
        flop: Any,
        arch_config: Any,
        seed: Any,
        epochs: Any,
        latency: Any,
    ) -> None:
        self.name = name
        self.net_state_dict = state_dict
        self.update_train_info(copy.deepcopy(train_accs), None, copy.deepcopy(train_losses), None)
        self.arch_config = copy.deepcopy(arch_config)
        self.params = params
        self.flop = flop
        self.seed = seed
        self.epochs = epochs
        self.latency = latency
        self.reset_eval()

    @classmethod
    def create_from_state_dict(cls, state_dict: dict[str, Any]) -> Self:
        """Make a run of the plain data that `state_dict` gives."""
        run = object.__new__(cls)
        run.load_state_dict(state_dict)
        return run

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over plain data as `state_dict` gives it."""
        self.__dict__.update(state_dict)

    def state_dict(self) -> dict[str, Any]:
        """All of the run as plain data, with the keys of upstream's records."""
        return dict(self.__dict__)

    # Filling it

    def update_train_info(self, train_acc1es: Any, train_acc5es: Any, train_losses: Any, train_times: Any) -> None:
        """Replace everything that was measured on the training set."""
        self.train_acc1es = train_acc1es
        self.train_acc5es = train_acc5es
        self.train_losses = train_losses
        self.train_times = train_times

    def reset_eval(self) -> None:
        """Forget the evaluation sets."""
        self.eval_names: list[str] = []
        self.eval_acc1es: dict[str, Any] = {}
        self.eval_times: dict[str, Any] = {}
        self.eval_losses: dict[str, Any] = {}

    def update_eval(self, accs: dict[str, Any], losses: dict[str, Any], times: dict[str, Any]) -> None:
        """Add evaluation sets: values by ``"set@epoch"``, for every epoch.

        Raises
        ------
        ValueError
            If there is such a set already.
        """
        for name in {key.split("@")[0] for key in accs}:
            if name in self.eval_names:
                msg = f"{name} has already been added into eval-names"
                raise ValueError(msg)
            self.eval_names.append(name)
            for epoch in range(self.epochs):
                key = f"{name}@{epoch}"
                self.eval_acc1es[key], self.eval_losses[key], self.eval_times[key] = accs[key], losses[key], times[key]

    def update_OLD_eval(self, name: str, accs: dict[int, Any], losses: dict[int, Any]) -> None:  # noqa: N802  upstream's name
        """Add an evaluation set: values by epoch, without times.

        Raises
        ------
        AssertionError
            If there is such a set already.
        """
        if name in self.eval_names:
            msg = f"{name} has already added"
            raise AssertionError(msg)
        self.eval_names.append(name)
        for epoch in range(self.epochs):
            if epoch in accs:
                self.eval_acc1es[f"{name}@{epoch}"] = accs[epoch]
                self.eval_losses[f"{name}@{epoch}"] = losses[epoch]

    def update_latency(self, latency: list[float]) -> None:
        """Replace the measured latencies."""
        self.latency = copy.deepcopy(latency)

    def reset_pseudo_train_times(self, estimated_per_epoch_time: float) -> None:
        """Replace the training times by a constant."""
        self.train_times = OrderedDict.fromkeys(range(self.epochs), estimated_per_epoch_time)

    def reset_pseudo_eval_times(self, eval_name: str, estimated_per_epoch_time: float) -> None:
        """Replace the times of an evaluation set by a constant.

        Raises
        ------
        ValueError
            If the run has no such set.
        """
        if eval_name not in self.eval_names:
            msg = f"invalid eval name : {eval_name}"
            raise ValueError(msg)
        for epoch in range(self.epochs):
            self.eval_times[f"{eval_name}@{epoch}"] = estimated_per_epoch_time

    # Asking it

    def get_total_epoch(self) -> int:
        """Epochs of training."""
        return copy.deepcopy(self.epochs)  # type: ignore[no-any-return]

    def get_latency(self) -> float:
        """Mean latency in seconds, -1.0 if unknown."""
        return -1.0 if self.latency is None else sum(self.latency) / len(self.latency)

    def get_eval_set(self) -> list[str]:
        """Names of the evaluation sets."""
        return self.eval_names

    def judge_valid(self, iepoch: int) -> None:
        """Check an epoch.

        Raises
        ------
        ValueError
            If the run has no such epoch.
        """
        if iepoch < 0 or iepoch >= self.epochs:
            msg = f"invalid iepoch={iepoch} < {self.epochs}"
            raise ValueError(msg)

    def get_times(self) -> dict[str, float | None]:
        """Training and evaluation times, per epoch and in total, in seconds."""
        times: dict[str, float | None] = {}
        for name in ("train", *self.eval_names):
            try:
                seconds = self._all_seconds(name)
                times |= {f"T-{name}@epoch": self._mean(seconds), f"T-{name}@total": self._sum(seconds)}
            except Exception:  # noqa: BLE001  upstream's rule: whatever is wrong with the times, there are none
                times |= {f"T-{name}@epoch": None, f"T-{name}@total": None}
        return times

    def get_train(self, iepoch: int | None = None) -> dict[str, Any]:
        """Loss, accuracy and times on the training set after an epoch, by default the last."""
        epoch = self.epochs - 1 if iepoch is None else iepoch
        self.judge_valid(epoch)
        times = self._train_seconds(epoch + 1)
        loss, accuracy = self._train_values(epoch)
        return _measured(epoch, loss, accuracy, times)

    def get_eval(self, name: str, iepoch: int | None = None) -> dict[str, Any]:
        """Loss, accuracy and times on an evaluation set after an epoch, by default the last.

        Raises
        ------
        ValueError
            If the run has no such set or epoch.
        KeyError
            If the set was not evaluated at that epoch.
        """
        epoch = self.epochs - 1 if iepoch is None else iepoch
        self.judge_valid(epoch)
        name = "x-valid" if name == "valid" else name
        times = self._eval_seconds(name, epoch + 1)
        loss, accuracy = self._eval_values(name, epoch)
        return _measured(epoch, loss, accuracy, times)

    def get_set(self, name: str, iepoch: int | None = None) -> dict[str, Any]:
        """`get_train` of ``"train"``, else `get_eval`."""
        return self.get_train(iepoch) if name == "train" else self.get_eval(name, iepoch)

    def check_set(self, name: str, iepoch: int | None = None) -> None:
        """Raise what `get_set` would."""
        self.get_set(name, iepoch)

    def _train_seconds(self, count: int) -> list[float] | None:
        return None if self.train_times is None else [self.train_times[epoch] for epoch in range(count)]

    def _train_values(self, epoch: int) -> tuple[Any, Any]:
        return self.train_losses[epoch], self.train_acc1es[epoch]

    def _eval_seconds(self, name: str, count: int) -> list[float] | None:
        if not isinstance(self.eval_times, dict) or not self.eval_times:
            return None
        last = f"{name}@{count - 1}"
        if last not in self.eval_times:
            msg = f"{last} not in {self.eval_times.keys()}"
            raise ValueError(msg)
        return [self.eval_times[f"{name}@{epoch}"] for epoch in range(count)]

    def _eval_values(self, name: str, epoch: int) -> tuple[Any, Any]:
        key = f"{name}@{epoch}"
        return self.eval_losses[key], self.eval_acc1es[key]

    @staticmethod
    def _mean(values: list[Any]) -> Any:
        return mean(values)

    @staticmethod
    def _sum(values: list[Any]) -> Any:
        return sum(values)

    def _all_seconds(self, name: str) -> list[float]:
        if name == "train":
            return list(self.train_times.values())
        return [self.eval_times[f"{name}@{epoch}"] for epoch in range(self.epochs)]

    def get_net_param(self, clone: bool = False) -> Any:
        """Weights: None, for upstream's simple archives and a store have none."""
        return copy.deepcopy(self.net_state_dict) if clone else self.net_state_dict

    def get_config(self, str2structure: Callable[[str], Any] | None) -> dict[str, Any]:
        """Configuration from which upstream's model code builds the network."""
        config = self.arch_config
        if config.get("name") == "infer.shape.tiny":
            genotype = config["genotype"]
            built = genotype if str2structure is None else str2structure(genotype)
            found = {"name": "infer.shape.tiny", "channels": config["channels"], "genotype": built}
        else:
            found = {"name": "infer.tiny", "C": config["channel"], "N": config["num_cells"]}
            if str2structure is None:
                found["arch_str"] = config["arch_str"]
            else:
                found["genotype"] = str2structure(config["arch_str"])
        return found | {"num_classes": config["class_num"]}

    def __repr__(self) -> str:
        return (
            f"ResultsCount({self.name}, arch={self.arch_config['arch_str']}, FLOP={self.flop:.2f}M, "
            f"Param={self.params:.3f}MB, seed={self.seed}, {len(self.eval_names)} eval-sets: [{', '.join(self.eval_names)}])"
        )


def _measured(epoch: int, loss: Any, accuracy: Any, times: list[float] | None) -> dict[str, Any]:
    """What is given of a set: its times are those of the last of these epochs and of all, added up as upstream does."""
    last, total = (None, None) if times is None else (times[-1], sum(times))
    return {"iepoch": epoch, "loss": loss, "accuracy": accuracy, "cur_time": last, "all_time": total}
