"""One training run of NAS-Bench-301: from its JSON to checked fields and curves."""

from __future__ import annotations

import json
import math
import re
import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from nbframes.errors import SourceError, listed
from nbframes.export import limits
from nbframes.export.unicode import is_unicode
from nbframes.spaces.darts.config import CONFIG, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

CURVES: Final = {
    "Train/train_accuracy": ("accuracy", "train"),
    "Train/val_accuracy": ("accuracy", "val"),
    "Train/train_loss": ("loss", "train"),
    "Train/train_cross_entropy": ("cross_entropy", "train"),
    "Train/val_cross_entropy": ("cross_entropy", "val"),
    "Train/learning_rate": ("learning_rate", "train"),
}
"""Metric and split of each published curve."""

BEST: Final = ("train_loss", "train_accuracy", "train_cross_entropy", "val_accuracy", "val_cross_entropy")
"""Values of the best epoch that ``info`` repeats at float32 precision under ``<name>_final``."""

_LAYERS, _CHANNELS = f"{PREFIX}layers", f"{PREFIX}init_channels"
_COLUMNS_OF_THEIR_OWN = CONFIG.keys() | {_LAYERS, _CHANNELS}
_SETTINGS_IN_INFO = ("train_datapoints", "val_datapoints", "dataset_id")
_NOT_CURVES = ("Train/epochs", "Train/model_parameters")
_DATASETS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16": "ImageNet16-120"}
_LARGEST_EXACT = 1 << 53
_LARGE = 1 << 20
"""Bytes from which the values of a JSON text are counted before it is decoded: smaller ones cannot hold many."""
_LONGEST = (1 << 16) - 1


def decode(content: bytes) -> Any:
    """Decode JSON, with the ``NaN`` and ``Infinity`` that Python writes into that of failed runs."""
    if len(content) > _LARGE and sum(map(content.count, b",[{")) > limits.current().record_items:
        raise SourceError(limits.exceeded("record_items", "it holds more values"))
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"it is not JSON ({error})"
        raise SourceError(msg) from error


def read_run(run: Any) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Check a decoded run.

    Returns
    -------
    dict
        Its fields: ``cells`` (the 34 settings of the architecture), ``layers``, ``init_channels``, ``schedule``, provenance,
        costs and best-epoch values as in the table ``runs``; ``test_accuracy``; ``copies`` (the float32 copies);
        ``lengths`` (points of each curve), ``epochs`` (None where they count 1, 2, ...), ``unknowable`` (whether nothing says which
        epochs the points belong to), ``failed`` and ``unknown_curves``.
    array
        The values of its curves, one after the other.

    Raises
    ------
    SourceError
        If it is not such a run; the message gives the reason.
    """
    if not isinstance(run, dict):
        msg = "it is not the JSON of a run: it holds no object"
        raise SourceError(msg)
    needed = ("optimized_hyperparamater_config", "budget", "info")
    if missing := [key for key in needed if key not in run]:
        msg = f"it is not the JSON of a run: it lacks {listed(missing)}"
        raise SourceError(msg)
    config = _mapping(run, "optimized_hyperparamater_config")
    info = _info(run["info"])
    test_accuracy = _number(run, "test_accuracy")
    failed = not info and (test_accuracy is None or math.isnan(test_accuracy))
    curves = {} if failed else _mapping(run, "learning_curves")
    values, lengths = _curves(curves)
    epochs, told = _epochs(curves, lengths)
    schedule = _required(_count(run, "budget", lowest=1), "budget")
    fields = {
        "cells": _cells(config),
        "layers": _required(_count(config, _LAYERS, lowest=1), _LAYERS),
        "init_channels": _required(_count(config, _CHANNELS, lowest=1), _CHANNELS),
        "schedule": schedule,
        "optimizer": _text(run, "created_by_optimizer"),
        "dataset": _dataset(_text(info, "dataset_path")),
        "dataset_path": _text(info, "dataset_path"),
        "params": _count(info, "model_parameters", limit=1 << 63),
        "train_time": _number(run, "runtime"),
        "test_accuracy": test_accuracy,
        "best_epoch": _count(info, "epochs"),
        **{f"best_{name}": _number(info, name) for name in (*BEST, "learning_rate")},
        "copies": [_number(info, f"{name}_final") for name in BEST],
        "config": _settings(config, info),
        "lengths": lengths,
        "epochs": epochs,
        "unknowable": not told and 0 < max(lengths) < schedule - 2,
        "failed": failed,
        "unknown_curves": [name for name in curves if name not in CURVES and name not in _NOT_CURVES],
    }
    return fields, values


def _cells(config: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Settings of the architecture; as a rule all of them are plain texts, and are looked at together."""
    cells = tuple(map(config.get, CONFIG))
    told = [cell for cell in cells if cell is not None]
    if set(map(type, told)) <= {str} and "".join(told).isascii():
        return cells
    return tuple(_text(config, name) for name in CONFIG)


def _info(info: Any) -> Mapping[str, Any]:
    if info is None or (isinstance(info, dict | list) and not info):
        return {}
    if isinstance(info, list) and len(info) == 1 and isinstance(info[0], dict):
        return info[0]
    msg = "its 'info' is neither a list of one object nor empty"
    raise SourceError(msg)


def _curves(curves: Mapping[str, Any]) -> tuple[NDArray[np.float64], list[int]]:
    """Values of the published curves one after the other, and how many points each has."""
    published = {name: curves.get(name) for name in CURVES}
    values = _values(published)
    lengths = [0 if curve is None else len(curve) for curve in published.values()]
    if max(lengths) >= _LONGEST:
        msg = f"one of its learning curves has {max(lengths):,} points; the tables hold epochs up to {_LONGEST:,}"
        raise SourceError(msg)
    return values, lengths


def _epochs(curves: Mapping[str, Any], lengths: list[int]) -> tuple[list[int] | None, bool]:
    """Epochs of the points unless they count 1, 2, ..., and whether the run tells them."""
    told = curves.get("Train/epochs")
    if told is None:
        return None, False
    counted = isinstance(told, list) and told == list(range(1, len(told) + 1)) and bool not in map(type, told[:1])
    epochs = told if counted else _values({"Train/epochs": told}).tolist()
    for name, length in zip(CURVES, lengths, strict=True):
        if length not in (0, len(epochs)):
            msg = f"its learning curve {name!r} has {length} points for {len(epochs)} epochs"
            raise SourceError(msg)
    if counted:
        return None, True
    _check_epochs(epochs)
    return [int(epoch) for epoch in epochs], True


def _values(curves: Mapping[str, Any]) -> NDArray[np.float64]:
    """Numbers of curves one after the other; None stands for a curve that is not there."""
    together: list[Any] = []
    for name, curve in curves.items():
        if isinstance(curve, list):
            together += curve
        elif curve is not None:
            msg = f"its learning curve {name!r} is not a list of numbers"
            raise SourceError(msg)
    try:
        values = np.frombuffer(struct.pack(f"{len(together)}d", *together))
    except (struct.error, TypeError, OverflowError):
        msg = f"its learning curve {_first(curves, _is_no_number)!r} is not a list of numbers"
        raise SourceError(msg) from None
    # A truth value is packed as the number that it equals.
    if any(type(together[place]) is bool for place in np.flatnonzero(values == values.astype(np.bool_)).tolist()):
        msg = f"its learning curve {_first(curves, lambda value: type(value) is bool)!r} holds a truth value"
        raise SourceError(msg)
    return values


def _first(curves: Mapping[str, Any], is_odd: Callable[[Any], bool]) -> str:
    """Name of the first curve that holds something odd."""
    return next(name for name, curve in curves.items() if any(map(is_odd, curve or ())))


def _is_no_number(value: Any) -> bool:
    try:
        struct.pack("d", value)
    except (struct.error, TypeError, OverflowError):
        return True
    return False


def _check_epochs(epochs: Sequence[float]) -> None:
    if not all(1 <= epoch < 1 << 16 and epoch == int(epoch) for epoch in epochs):
        msg = "its 'Train/epochs' are not all whole numbers from 1 on"
        raise SourceError(msg)
    for before, after in pairwise(epochs):
        if after <= before:
            msg = f"its 'Train/epochs' do not increase: {after:g} comes after {before:g}"
            raise SourceError(msg)


def _dataset(path: str | None) -> str:
    """Name the data set; failed runs do not tell it, and NAS-Bench-301 trained on CIFAR-10 alone."""
    if path is None:
        return "cifar10"
    stem = re.sub("[-_]", "", re.split(r"[/\\]", path)[-1].lower())
    name = re.match("cifar100|cifar10|imagenet16", stem)
    if name is None:
        msg = f"its 'dataset_path' {path!r} is none of {listed(_DATASETS.values())}"
        raise SourceError(msg)
    return _DATASETS[name[0]]


def _settings(config: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    settings = {name: value for name, value in config.items() if name not in _COLUMNS_OF_THEIR_OWN}
    settings |= {name: info[name] for name in _SETTINGS_IN_INFO if name in info}
    for name, value in settings.items():
        if type(value) is float and not math.isfinite(value):
            msg = f"its setting {name!r} is {value!r}"
            raise SourceError(msg)
    try:
        return orjson.dumps(settings, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError as error:
        msg = f"its settings cannot be written as JSON ({error})"
        raise SourceError(msg) from error


def _mapping(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        msg = f"its {key!r} is not an object"
        raise SourceError(msg)
    return value


def _text(record: Mapping[str, Any], key: str) -> str | None:
    value = record.get(key)
    if value is not None and not isinstance(value, str):
        msg = f"its {key!r} is {value!r}, not a string"
        raise SourceError(msg)
    if value is not None and not value.isascii() and not is_unicode(value):
        msg = f"its {key!r} is {value!r}, which is not valid Unicode"
        raise SourceError(msg)
    return value


def _number(record: Mapping[str, Any], key: str) -> float | None:
    value = record.get(key)
    if value is None or type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"its {key!r} is {value!r}, not a number"
        raise SourceError(msg)
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        msg = f"its {key!r} is a number of {value.bit_length()} bits, which a float64 does not hold exactly"
        raise SourceError(msg)
    return float(value)


def _count(record: Mapping[str, Any], key: str, *, lowest: int = 0, limit: int = 1 << 16) -> int | None:
    value = _number(record, key)
    if value is None:
        return None
    if not (lowest <= value < limit and value == int(value)):
        msg = f"its {key!r} is {value!r}, not a whole number from {lowest} on"
        raise SourceError(msg)
    return int(value)


def _required(value: int | None, key: str) -> int:
    if value is None:
        msg = f"it lacks {key!r}"
        raise SourceError(msg)
    return value
