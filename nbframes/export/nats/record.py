"""One architecture's record: every number in it, and a check that it holds what records hold.

NATS-Bench and NAS-Bench-201 keep an architecture as ``{hp: state}``, a state for each training schedule, with one result for each
(dataset, seed). `flatten` turns it into one array of numbers and a `Shape` that says what they are. Records of the same keys share
their shape.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from nbframes.benchmarks.shared import NATS_SETS
from nbframes.errors import SourceError
from nbframes.export.containers.pickles.globals import Opaque
from nbframes.export.containers.pickles.runs import NumberDict
from nbframes.export.nats.check import Check, Oddity
from nbframes.export.nats.shape import EVAL_FIELDS, TRAIN_FIELDS, Curve, RunKey, RunShape, Shape, arranged
from nbframes.spaces.nats.costs import CLASSES
from nbframes.spaces.nats.size import CELL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

NOT_EXPORTED: Final = (
    "arch_config: the same constants in every record (channel 16, 5 cells; in the size space the genotype)",
    "net_state_dict: None in every record",
    "name, eval_names, dataset_seed, arch_index: repeat the keys of the record",
    "clear_net_done: True in every record",
)
"""What a record holds and the tables do not, for the manifest; records that differ in it are among the findings."""

_STATE_KEYS: Final = {"arch_index", "arch_str", "all_results", "dataset_seed", "clear_net_done"}
_RESULT_KEYS: Final = {
    *TRAIN_FIELDS,
    *EVAL_FIELDS,
    *("name", "net_state_dict", "arch_config", "params", "flop", "seed", "epochs", "latency", "eval_names"),
}
_NEEDED_OF_STATE: Final = {"arch_str", "all_results"}
_NEEDED_OF_RESULT: Final = {"params", "flop"}
_FIELDS: Final = (*TRAIN_FIELDS, *EVAL_FIELDS)
_LARGEST_EXACT: Final = 1 << 53


class Dialect(NamedTuple):
    """How the records of one benchmark differ from those of NATS-Bench."""

    schedules: Mapping[str, int] | None = None
    """Epochs of each hp; without it the hp is that number."""
    optional: frozenset[str] = frozenset()
    """Keys of a result that may be missing."""
    weights: bool = False
    """Whether trained weights may stand in the results."""


NATS: Final = Dialect()


class Record(NamedTuple):
    """An architecture with its numbers, as `Shape` describes them."""

    arch: int
    arch_str: str
    shape: Shape
    values: NDArray[np.float64]
    oddities: tuple[Oddity, ...] = ()
    """What it says otherwise than the published records do."""


def flatten(states: Any, where: str, *, arch: int, dialect: Dialect = NATS, whole_counts: bool = True) -> Record:
    """Numbers of one record, each of them and nothing else.

    Parameters
    ----------
    states
        ``{hp: state}`` as upstream pickles it; curves as dicts, `NumberDict` or lists by epoch.
    where
        File and record, for messages.
    arch
        Index that the record should have.
    dialect
        What the benchmark's records may hold.
    whole_counts
        Whether to check with `checked_counts` that parameter counts are whole.

    Raises
    ------
    SourceError
        If a measured number would be lost or misplaced: it is not a number, its place is unknown or given twice, or the
        record is of another architecture. Unknown keys and other constants are among `Record.oddities`.
    """
    check = Check(where)
    states = _settled(states)
    check(isinstance(states, dict) and bool(states), "it holds no schedules")
    texts: set[str] = set()
    numbers = _Numbers()
    for hp, pickled in states.items():
        schedule = _schedule(hp, dialect, check)
        in_state = check.at(f"schedule {hp!r}")
        state = _state(pickled, arch, dialect, in_state)
        texts.add(state["arch_str"])
        for dataset, seed, result in _results(state, dialect, in_state):
            in_run = in_state.at(f"{dataset}, seed {seed}")
            key = RunKey(dataset, schedule, seed)
            _check_constants(result, key, state["arch_str"], in_run)
            _check_weights(result.get("net_state_dict"), dialect, in_run)
            numbers.add(key, result, in_run)
    check(len(texts) == 1, "its schedules are of the different architectures {}", texts)
    check(len({run.key for run in numbers.runs}) == len(numbers.runs), "two schedules have the same number of epochs")
    try:
        shape, order = arranged(tuple(numbers.runs))
    except ValueError as error:
        check.fail(str(error))
    record = Record(arch, texts.pop(), shape, numbers.all()[order], tuple(check.oddities))
    return checked_counts(record, where) if whole_counts else record


def checked_counts(record: Record, where: str) -> Record:
    """Return the record if its published params (millions) can be recovered from whole counts bit for bit."""
    shape = record.shape
    millions = record.values[len(shape.seed) : len(shape.seed) + len(shape.runs)].tolist()
    for run, value in zip(shape.runs, millions, strict=True):
        if not abs(value) < _LARGEST_EXACT / 1e6 or round(value * 1e6) / 1e6 != value:
            msg = (
                f"{where}: params of {run.dataset}, schedule {run.schedule}, seed {run.seed}: {value!r} (millions) "
                "is not a whole number of parameters, so it could not be recovered exactly"
            )
            raise SourceError(msg)
    return record


class _Numbers:
    """Collects the numbers of a record in the order in which `arranged` expects them."""

    def __init__(self) -> None:
        self.runs: list[RunShape] = []
        self._curves: list[NDArray[np.float64]] = []
        self._params: list[float] = []
        self._flop: list[float] = []
        self._latencies: list[float] = []

    def add(self, key: RunKey, result: dict[str, Any], check: Check) -> None:
        curves = []
        for field in _FIELDS:
            keys, values = _curve(result.get(field), check.at(field))
            if field in EVAL_FIELDS:
                keys = _with_set(keys, result.get("eval_names"))
            if keys:
                curves.append(Curve(field, keys))
                self._curves.append(values)
        if "eval_names" in result:
            _check_sets(result["eval_names"], curves, check)
        self._params.append(_number(result["params"], check.at("params")))
        self._flop.append(_number(result["flop"], check.at("flop")))
        measured = _latencies(result.get("latency"), check.at("latency"))
        self._latencies.extend(measured)
        self.runs.append(RunShape(key, len(measured), tuple(curves)))

    def all(self) -> NDArray[np.float64]:
        return np.concatenate([*self._curves, self._params, self._flop, np.array(self._latencies, np.float64)])


# ------------------------------------------------------------------------------------------------ what must stand in a record


def _settled(value: Any) -> Any:
    return value.settled() if type(value) is NumberDict else value


def _schedule(hp: Any, dialect: Dialect, check: Check) -> int:
    if dialect.schedules is not None:
        check(type(hp) is str and hp in dialect.schedules, "{} is none of {}", hp, list(dialect.schedules))
        return dialect.schedules[hp]
    digits = type(hp) is str and hp.isascii() and hp.isdigit() and len(hp) < 6
    check(digits and int(hp) > 0, "{} is not a number of epochs", hp)
    return int(hp)


def _check_keys(
    value: Any, keys: set[str], needed: set[str], check: Check, optional: frozenset[str] = frozenset()
) -> None:
    check(isinstance(value, dict), "{} where a dict should be", value)
    if value.keys() == keys:
        return
    check(needed <= value.keys(), "it lacks {}", needed - value.keys())
    for key in sorted(keys - value.keys() - optional):
        check.note(False, f"records without {key!r}", key)
    for key in value.keys() - keys:
        check.note(False, f"the unknown key {key!r}, not exported", value[key])


def _state(pickled: Any, arch: int, dialect: Dialect, check: Check) -> dict[str, Any]:
    state: dict[str, Any] = _settled(pickled)
    _check_keys(state, _STATE_KEYS, _NEEDED_OF_STATE, check)
    index = state.get("arch_index", arch)
    check(type(index) is int and index == arch, "arch_index is {}, not {}", index, arch)
    check(type(state["arch_str"]) is str, "arch_str is {}", state["arch_str"])
    cleared = state.get("clear_net_done", True)
    check.note(cleared is True or (dialect.weights and cleared is False), "clear_net_done is not True", cleared)
    return state


def _results(state: dict[str, Any], dialect: Dialect, check: Check) -> Iterator[tuple[str, int, dict[str, Any]]]:
    results = _settled(state["all_results"])
    check(isinstance(results, dict) and bool(results), "all_results is {}", results)
    seeds: dict[str, list[int]] = {}
    for key, pickled in results.items():
        check(type(key) is tuple and len(key) == 2, "{} is not a pair (dataset, seed)", key)
        dataset, seed = key
        check(type(dataset) is str and dataset in NATS_SETS, "{} is none of the datasets {}", dataset, list(NATS_SETS))
        check(type(seed) is int and 0 <= seed < 1 << 31, "{} is not a seed", seed)
        seeds.setdefault(dataset, []).append(seed)
        result: dict[str, Any] = _settled(pickled)
        _check_keys(result, _RESULT_KEYS, _NEEDED_OF_RESULT, check.at(f"{dataset}, seed {seed}"), dialect.optional)
        yield dataset, seed, result
    if "dataset_seed" in state:
        named = _settled(state["dataset_seed"])
        there = {dataset: sorted(found) for dataset, found in seeds.items()}
        fine = isinstance(named, dict) and _same(named, there)
        check.note(fine, "dataset_seed does not name the results that are there", named)


def _check_constants(result: dict[str, Any], run: RunKey, arch_str: str, check: Check) -> None:
    """Refuse what says that the numbers are of another run, and note what else differs from the published records."""
    seed = result.get("seed", run.seed)
    if type(seed) is str and seed.isascii() and seed.isdigit() and len(seed) < 11:
        seed = int(seed)
    check(type(seed) is not int or seed == run.seed, "seed is {}", seed)
    check.note(type(seed) is int, "seed is not a number", seed)
    name = result.get("name", run.dataset)
    same = type(name) is str and name == run.dataset
    check(same or type(name) is not str or name not in NATS_SETS, "name is {}", name)
    check.note(same, "name is not the dataset", name)
    epochs = result.get("epochs", run.schedule)
    check(type(epochs) is not int or epochs == run.schedule, "epochs is {}", epochs)
    check.note(type(epochs) is int, "epochs is not a number", epochs)
    if "arch_config" in result:
        config = _settled(result["arch_config"])
        plain = isinstance(config, dict) and all(type(value) in (int, str) for value in config.values())
        check(not plain or config.get("arch_str", arch_str) == arch_str, "arch_config is of {}", config)
        fine = plain and _is_config(config, arch_str, CLASSES[run.dataset])
        check.note(fine, "arch_config is another than the published ones", config)


def _is_config(config: dict[str, Any], arch_str: str, classes: int) -> bool:
    common = {"arch_str": arch_str, "class_num": classes}
    if "channels" not in config:
        return config == {"channel": 16, "num_cells": 5, **common}
    rest = {key: value for key, value in config.items() if key != "channels"}
    sized = type(config["channels"]) is str and config["channels"].count(":") == arch_str.count(":")
    return sized and rest == {"name": "infer.shape.tiny", "genotype": CELL, **common}


def _check_weights(weights: Any, dialect: Dialect, check: Check) -> None:
    if weights is None:
        return
    weights = _settled(weights)
    tensors = isinstance(weights, dict) and all(type(tensor) is Opaque for tensor in weights.values())
    check.note(dialect.weights and tensors, "net_state_dict holds something, which is not exported", weights)


def _check_sets(names: Any, curves: Iterable[Curve], check: Check) -> None:
    found = set().union(*(_sets(curve.keys) for curve in curves if curve.field in EVAL_FIELDS))
    listed = type(names) is list and all(type(name) is str for name in names)
    fine = listed and len(set(names)) == len(names) and set(names) == found
    check.note(fine, f"eval_names does not name the sets that are there, {sorted(found)}", names)


def _same(left: dict[Any, Any], right: dict[Any, Any]) -> bool:
    """Whether two dicts are equal, where one may hold anything, arrays of numpy included."""
    plain = all(type(value) is list and set(map(type, value)) <= {int} for value in left.values())
    return plain and left == right


@lru_cache(maxsize=1024)
def _sets(keys: tuple[Any, ...]) -> frozenset[str]:
    return frozenset(key.partition("@")[0] for key in keys if type(key) is str)


def _curve(value: Any, check: Check) -> tuple[tuple[Any, ...], NDArray[np.float64]]:
    if type(value) is NumberDict and (run := value.numbers()) is not None:
        return run
    if value is None:
        return (), np.empty(0)
    value = _settled(value)
    if isinstance(value, dict):
        keys = tuple(value)
        check(set(map(type, keys)) in ({int}, {str}, set()), "its keys {} are not all epochs or strings", keys)
        return keys, np.array(_floats(value.values(), check), np.float64)
    check(type(value) is list, "{} where a curve should be", value)
    return tuple(range(len(value))), np.array(_floats(value, check), np.float64)


def _with_set(keys: tuple[Any, ...], names: Any) -> tuple[Any, ...]:
    """Keys of evaluations; those by epoch alone can only mean the set where there is one."""
    by_epoch = bool(keys) and type(keys[0]) is int and type(names) is list and len(names) == 1
    return tuple(f"{names[0]}@{epoch}" for epoch in keys) if by_epoch else keys


def _latencies(value: Any, check: Check) -> list[float]:
    if value is None:
        return []
    if type(value) is list or (isinstance(value, np.ndarray) and value.ndim == 1):
        return _floats(value, check)
    return [_number(value, check)]


def _floats(values: Iterable[Any], check: Check) -> list[float]:
    values = list(values)
    if set(map(type, values)) <= {float, np.float64}:
        return values
    return [_number(value, check) for value in values]


def _number(value: Any, check: Check) -> float:
    """Return ``value`` as the float64 that it is exactly."""
    if isinstance(value, float | np.float64 | np.float32 | np.float16):
        return float(value)
    whole = type(value) is int or isinstance(value, np.integer)
    check(whole and abs(int(value)) <= _LARGEST_EXACT, "{} is not a number that a float64 holds exactly", value)
    return float(value)
