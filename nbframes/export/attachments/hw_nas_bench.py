"""HW-NAS-Bench: latencies and energies of the cells of NAS-Bench-201 on six devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.benchmarks.attached import HARDWARE
from nbframes.errors import SourceError, listed
from nbframes.export.attachments.conversion import Conversion, without_signs
from nbframes.export.containers import pickles

if TYPE_CHECKING:
    from pathlib import Path

    from nbframes.export.probe import Probe

TITLE: Final = "HW-NAS-Bench"
FILES: Final = "HW-NAS-Bench-v1_0.pickle"

_CELLS: Final = 15_625
_SPACES: Final = {"nasbench201", "fbnet"}
_CITATION: Final = """\
@inproceedings{li2021hwnasbench,
  title     = {{HW-NAS-Bench}: Hardware-Aware Neural Architecture Search Benchmark},
  author    = {Li, Chaojian and Yu, Zhongzhi and Fu, Yonggan and Zhang, Yongan and Zhao, Yang and You, Haoran and Yu, Qixuan and Wang, Yue and Lin, Yingyan},
  booktitle = {International Conference on Learning Representations},
  year      = {2021}
}"""


def recognises(probe: Probe) -> bool:
    """Whether a file is a pickle of tables by search space, as far as its beginning tells."""
    return isinstance(probe.pickled, dict) and not _SPACES.isdisjoint(probe.pickled)


def convert(path: Path) -> Conversion:
    """Read the file: ``{"nasbench201": {dataset: {metric: [a number for each cell], "config": [...]}}, "fbnet": ...}``.

    Raises
    ------
    SourceError
        If the file is not of that form, or has not one number for each of the 15,625 cells.
    UnsafePickleError
        If the pickle names anything but plain data.
    """
    with path.open("rb") as file:
        content = pickles.load(file, str(path))
    spaces = content if isinstance(content, dict) else {}
    datasets = spaces.get("nasbench201")
    if not isinstance(datasets, dict) or not datasets:
        msg = f"{path} has no table 'nasbench201'; {FILES} has"
        raise SourceError(msg)
    frame = pl.concat([_frame(path, dataset, columns) for dataset, columns in datasets.items()], how="diagonal")
    names = [metric.name for metric in HARDWARE if metric.name in frame.columns]
    frame, left_out = without_signs(frame, names, lambda value: value < 0)
    return Conversion(
        frame,
        key="arch_str" if "arch_str" in frame.columns else "arch",
        to=("nats-tss", "nb201"),
        name="hw-nas-bench",
        metrics=[metric for metric in HARDWARE if metric.name in names],
        licence="MIT",
        citation=_CITATION,
        left_out=left_out,
        not_exported=[f"the table {name!r}" for name in spaces if name != "nasbench201"],
        notes={"no value": "upstream writes -1"} if left_out else {},
    )


def _frame(path: Path, dataset: str, columns: Any) -> pl.DataFrame:
    if not isinstance(columns, dict):
        msg = f"{path}: the entry of {dataset!r} is not a table of metrics"
        raise SourceError(msg)
    known = {metric.name.removeprefix("hw_"): metric.name for metric in HARDWARE}
    if unknown := [name for name in columns if name not in known and name != "config"]:
        msg = f"{path}: {dataset!r} has the unknown metrics {listed(unknown)}; known: {listed(known)}"
        raise SourceError(msg)
    values = {
        known[name]: _numbers(path, f"{dataset}/{name}", column) for name, column in columns.items() if name != "config"
    }
    cells = _cells(columns.get("config"))
    return pl.DataFrame({cells.name: cells, "dataset": [dataset] * _CELLS} | values)


def _numbers(path: Path, where: str, column: Any) -> pl.Series:
    try:
        values = pl.Series(list(column), dtype=pl.Float64, strict=True)
    except (TypeError, pl.exceptions.PolarsError) as error:
        msg = f"{path}: {where} is not a list of numbers ({error})"
        raise SourceError(msg) from error
    if len(values) != _CELLS:
        msg = f"{path}: {where} has {len(values):,} numbers instead of one for each of the {_CELLS:,} cells"
        raise SourceError(msg)
    return values


def _cells(config: Any) -> pl.Series:
    """What names the cells: their strings where the configurations have them, so that no order is taken for granted."""
    if isinstance(config, (list, tuple)) and len(config) == _CELLS and all(isinstance(c, dict) for c in config):
        strings = [cell.get("arch_str") for cell in config]
        if all(isinstance(string, str) for string in strings):
            return pl.Series("arch_str", strings)
    return pl.Series("arch", range(_CELLS), dtype=pl.Int32)
