"""Surrogates in ONNX, as YAHPO Gym publishes the one of NAS-Bench-301."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from nbframes.errors import MissingDependencyError, SourceError, listed
from nbframes.export.workers import cores
from nbframes.spaces.darts import CONFIG
from nbframes.spaces.darts.definition import UNREADABLE
from nbframes.surrogate.base import Surrogate
from nbframes.surrogate.onnx_batch import with_free_batch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nbframes.spaces.darts.config import ConfigCodes

_SCHEDULE: Final = 100
_OUTPUTS: Final = {"val_accuracy": ("accuracy", "val"), "runtime": ("time", "train")}
_ABSENT: Final = "#na#"
_ROWS: Final = 1024
"""Rows of one call: their activations fit the cache of a core."""


class OnnxSurrogate(Surrogate):
    """A surrogate that onnxruntime runs: 34 categorical inputs and the epoch to validation accuracy and runtime.

    Parameters
    ----------
    folder
        Folder with one ``.onnx``, ``encoding.json`` (code of each value of each input) and ``param_set.R`` (order of the inputs
        and outputs, range of the epoch).

    Raises
    ------
    SourceError
        If a file is missing or does not describe such a model.
    MissingDependencyError
        If onnxruntime is not installed.
    """

    def __init__(self, folder: Path) -> None:
        parameters = _read_parameters(folder / "param_set.R")
        super().__init__(parameters.epochs, _SCHEDULE, "cifar10", [_OUTPUTS[name] for name in parameters.outputs])
        self._positions, self._tables = _encoding(folder / "encoding.json", parameters.inputs)
        self._model = _Model(folder, len(parameters.inputs), len(parameters.outputs))

    def _values(self, codes: ConfigCodes, budgets: Sequence[int]) -> NDArray[np.floating]:
        columns = np.concatenate([codes.edges, codes.inputs], axis=1)[:, self._positions]
        categories = self._tables[np.arange(len(self._positions)), columns]
        return np.stack([self._model.run(categories, budget) for budget in budgets], axis=2)


class _Model:
    """An ONNX model that takes many rows, on all cores: one thread of ours per core instead of onnxruntime's own."""

    def __init__(self, folder: Path, categories: int, outputs: int) -> None:
        path = _only_model(folder)
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingDependencyError.of("onnxruntime", "running an ONNX surrogate", "surrogate") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(with_free_batch(path.read_bytes()), options)
        except Exception as error:  # onnxruntime's own exceptions share no base
            msg = f"{path} cannot be run as an ONNX model ({error})"
            raise SourceError(msg) from error
        inputs = {("float" in node.type): node for node in self._session.get_inputs()}
        widths = {is_float: node.shape[-1] for is_float, node in inputs.items()}
        if len(self._session.get_inputs()) != 2 or widths != {False: categories, True: 1}:
            msg = f"{path} does not take {categories} categorical inputs and the epoch"
            raise SourceError(msg)
        self._categories, self._epoch = inputs[False].name, inputs[True].name
        self._integer = np.int64 if "int64" in inputs[False].type else np.int32
        self._outputs = outputs
        self._check_rows(path, categories)

    def run(self, categories: NDArray[np.int64], epoch: int) -> NDArray[np.float32]:
        """Outputs for the rows of ``categories``, shape (outputs, n)."""
        rows = categories.astype(self._integer)
        out = np.empty((self._outputs, len(rows)), dtype=np.float32)

        def fill(start: int) -> None:
            part = rows[start : start + _ROWS]
            epochs = np.full((len(part), 1), epoch, dtype=np.float32)
            (values,) = self._session.run(None, {self._categories: part, self._epoch: epochs})
            out[:, start : start + _ROWS] = values.T

        with ThreadPoolExecutor(cores()) as pool:
            for _ in pool.map(fill, range(0, len(rows), _ROWS)):
                pass
        return out

    def _check_rows(self, path: Path, categories: int) -> None:
        """Refuse a model that mixes rows: one that was exported for a single row may have that built in."""
        rows = np.array([[0], [1]]).repeat(categories, axis=1)
        try:
            together, alone = self.run(rows, 1), np.hstack([self.run(rows[:1], 1), self.run(rows[1:], 1)])
        except Exception as error:
            msg = f"{path} cannot take more than one row at a time ({error})"
            raise SourceError(msg) from error
        if not np.allclose(together, alone, rtol=1e-5):
            msg = f"{path} answers differently for two rows together and one by one"
            raise SourceError(msg)


class _Parameters(NamedTuple):
    """What ``param_set.R`` says."""

    inputs: list[str]
    epochs: range
    outputs: list[str]


def _read_parameters(path: Path) -> _Parameters:
    """Order of the model's inputs and outputs: it is that of the parameter set, not the alphabetical one of the encoding."""
    text = re.sub(r"^\s*#.*$", "", _text(path), flags=re.MULTILINE)
    domain, _, codomain = text.partition("codomain")
    inputs = [name.replace("_COLON_", ":") for name in re.findall(r"(\w+)\s*=\s*p_fct\(", domain)]
    outputs = re.findall(r"(\w+)\s*=\s*p_dbl\(", codomain)
    epoch = re.search(r"epoch\s*=\s*p_int\(\s*lower\s*=\s*(\d+)L?\s*,\s*upper\s*=\s*(\d+)L?", domain)
    if (
        set(inputs) != set(CONFIG)
        or len(inputs) != len(CONFIG)
        or epoch is None
        or not outputs
        or set(outputs) - set(_OUTPUTS)
    ):
        msg = (
            f"{path} does not describe a surrogate of NAS-Bench-301: it needs the {len(CONFIG)} settings of a DARTS "
            f"configuration, the epoch as p_int, and outputs among {listed(_OUTPUTS)}"
        )
        raise SourceError(msg)
    return _Parameters(inputs, range(int(epoch[1]), int(epoch[2]) + 1), outputs)


def _encoding(path: Path, inputs: list[str]) -> tuple[list[int], NDArray[np.int64]]:
    """For each input its position among the settings, and a table from our code of the setting to the model's."""
    import orjson

    try:
        encoding: dict[str, dict[str, int]] = {
            name.replace("_COLON_", ":"): codes for name, codes in orjson.loads(_text(path)).items()
        }
        positions = {name: k for k, name in enumerate(CONFIG)}
        tables = np.zeros((len(inputs), UNREADABLE + 1), dtype=np.int64)
        for row, name in enumerate(inputs):
            values = CONFIG[name].categories
            tables[row, : len(values)] = [encoding[name][value] for value in values]
            tables[row, UNREADABLE] = encoding[name][_ABSENT]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        msg = f"{path} does not give a code for every value of the inputs ({error!r})"
        raise SourceError(msg) from error
    return [positions[name] for name in inputs], tables


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read ({error}); an ONNX surrogate is a folder with a .onnx, encoding.json and param_set.R"
        raise SourceError(msg) from error


def _only_model(folder: Path) -> Path:
    models = sorted(folder.glob("*.onnx"))
    if len(models) != 1:
        msg = f"{folder} should hold one .onnx file but holds {listed(model.name for model in models)}"
        raise SourceError(msg)
    return models[0]
