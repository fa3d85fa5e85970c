"""One NAS-Bench-101 record, read carefully: JSON row, base64, protobuf message.

This is the definition of what a record means; `nbframes.export.nb101.bulk` gives the same for many at once.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from nbframes.errors import SourceError
from nbframes.export.containers.protobuf import BYTES, FIXED64, VARINT, Field, fields, varint
from nbframes.export.unicode import is_unicode

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCHS: Final = (4, 12, 36, 108)
"""Epochs for which every cell was trained."""
VALUES: Final = tuple(
    f"{when}_{what}"
    for when in ("halfway", "final")
    for what in ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
)
"""The measured numbers of a record, in the order of `Metrics.values`."""
ACCURACIES: Final = (1, 2, 3, 5, 6, 7)
"""Which of `VALUES` are accuracies."""
HASH: Final = re.compile(r"[0-9a-f]{32}")
"""A module hash."""

_EVALUATIONS = 3

_ROW = ("module_hash", "epochs", "adjacency", "operations", "metrics")
_DOUBLE = struct.Struct("<d")


class Row(NamedTuple):
    """The JSON row of a record."""

    hash: str
    epochs: int
    adjacency: str
    operations: str
    metrics: str


class Metrics(NamedTuple):
    """What is exported of a record's protobuf message, and where it stands in the message."""

    values: tuple[float, ...]
    """The eight numbers of `VALUES`, as published; NaN where the field is absent."""
    params: int
    """Trainable parameters; -1 if absent."""
    offsets: tuple[int, ...]
    """Offset of each of the values; -1 if absent."""
    progress: tuple[int, ...]
    """Offsets of the two ``current_epoch`` fields; -1 if absent."""
    params_span: tuple[int, int]
    """Offsets of the first byte of ``trainable_parameters`` and behind the last; equal if absent."""


def parse_row(payload: bytes) -> Row:
    """Read the JSON row of a record; `SourceError` says what is wrong with it."""
    try:
        row = json.loads(payload)
    except (ValueError, RecursionError) as error:
        msg = f"not a NAS-Bench-101 record: the payload is not JSON ({error})"
        raise SourceError(msg) from None
    if not isinstance(row, list) or len(row) != len(_ROW):
        msg = f"not a NAS-Bench-101 record: a list [{', '.join(_ROW)}] is expected"
        raise SourceError(msg)
    return checked_row(*row)


def checked_row(hash: object, epochs: object, adjacency: object, operations: object, metrics: object) -> Row:
    """Return the five items of a record as a row if they have their types."""
    if not isinstance(hash, str) or not HASH.fullmatch(hash):
        msg = f"module_hash {hash!r} is not 32 hexadecimal digits"
        raise SourceError(msg)
    if type(epochs) is not int or epochs not in EPOCHS:
        msg = f"epochs {epochs!r} is not one of {', '.join(map(str, EPOCHS))}"
        raise SourceError(msg)
    for name, text in (("adjacency", adjacency), ("operations", operations), ("metrics", metrics)):
        if not isinstance(text, str):
            msg = f"{name} {text!r} is not a string"
            raise SourceError(msg)
        if not is_unicode(text):
            msg = f"{name} {text!r} is not valid Unicode"
            raise SourceError(msg)
    return Row(hash, epochs, str(adjacency), str(operations), str(metrics))


def decode_base64(text: str) -> bytes:
    """Decode the metrics of a row; line breaks, which ``base64.encodestring`` puts in, are dropped."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"the metrics are not base64: {error}"
        raise SourceError(msg) from None


def parse_metrics(message: bytes, epochs: int) -> Metrics:
    """Read the protobuf message ``ModelMetrics`` of a run of ``epochs``.

    Of three evaluations the first (before training) is not used, the second stands halfway, the third at the end;
    their ``current_epoch`` must agree to half an epoch. Where a field occurs twice the last counts.

    Raises
    ------
    SourceError
        If the message is not in the wire format, lacks evaluations or holds numbers that no training gives.

    References
    ----------
    Ying et al., NAS-Bench-101 (ICML 2019); ``model_metrics.proto`` and ``api.py`` of google-research/nasbench.
    """
    evaluations: list[dict[int, int]] = []
    span, params = (0, 0), -1
    for field in fields(message):
        if (field.number, field.wire) == (1, BYTES):
            evaluations.append(_doubles(message, field))
        elif (field.number, field.wire) == (2, VARINT):
            span, params = (field.start, field.stop), varint(message, field.start, field.stop)[0]
            if params >> 31:
                msg = f"trainable_parameters {params} is not a count"
                raise SourceError(msg)
    if len(evaluations) != _EVALUATIONS:
        msg = f"{len(evaluations)} evaluations instead of {_EVALUATIONS} (before training, halfway, at the end)"
        raise SourceError(msg)
    offsets = tuple(evaluation.get(number, -1) for evaluation in evaluations[1:] for number in range(2, 6))
    progress = tuple(evaluation.get(1, -1) for evaluation in evaluations[1:])
    for offset, expected in zip(progress, (epochs / 2, epochs), strict=True):
        epoch = _double(message, offset)
        if offset >= 0 and not abs(epoch - expected) < 0.5:
            msg = f"current_epoch is {epoch:g} where {expected:g} is expected in a run of {epochs} epochs"
            raise SourceError(msg)
    values = tuple(_double(message, offset) for offset in offsets)
    _check(values, offsets)
    return Metrics(values, params, offsets, progress, span)


def percent(fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentages that, divided by 100, give the fractions back bit for bit, wherever such exist.

    Notes
    -----
    Published accuracies are float32 numbers: times 100 they are exact in float64, hence division restores them.
    For other numbers the product is rounded and one of its neighbours may be the right one, or none.

    Examples
    --------
    >>> fraction = np.float32([0.1, 0.94]).astype(float)
    >>> bool((percent(fraction) / 100 == fraction).all())
    True
    """
    product = np.asarray(fraction * 100.0)
    wrong = product / 100.0 != fraction
    if wrong.any():
        for direction in (-np.inf, np.inf):
            beside = np.nextafter(product, direction)
            product = np.where(wrong & (beside / 100.0 == fraction), beside, product)
    return product


def _doubles(message: bytes, evaluation: Field) -> dict[int, int]:
    """Offsets of the numbers of an evaluation by field number."""
    inner = fields(message, evaluation.start, evaluation.stop)
    return {field.number: field.start for field in inner if field.wire == FIXED64}


def _double(message: bytes, offset: int) -> float:
    return float(_DOUBLE.unpack_from(message, offset)[0]) if offset >= 0 else float("nan")


def _check(values: tuple[float, ...], offsets: tuple[int, ...]) -> None:
    """Refuse numbers that are not finite, and accuracies that percent cannot hold without loss."""
    for index, (name, value, offset) in enumerate(zip(VALUES, values, offsets, strict=True)):
        if offset < 0:
            continue
        if not math.isfinite(value):
            msg = f"{name} is {value}"
            raise SourceError(msg)
        if index in ACCURACIES and value * 100.0 / 100.0 != value != percent(np.array([value]))[0] / 100.0:
            msg = f"{name} {value!r} is not a published accuracy: no percentage divided by 100 gives it back"
            raise SourceError(msg)
