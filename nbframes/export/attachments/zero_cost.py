"""NAS-Bench-Suite-Zero: scores of untrained networks by thirteen zero-cost proxies."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.benchmarks.attached import PROXIES, ZERO_COST
from nbframes.errors import SourceError, listed
from nbframes.export.attachments.conversion import Conversion, without_signs

if TYPE_CHECKING:
    from pathlib import Path

    from nbframes.export.probe import Probe

TITLE: Final = "NAS-Bench-Suite-Zero"
FILES: Final = "zc_nasbench201.json, zc_nasbench101.json, zc_nasbench301.json"

_NO_VALUE: Final = -1e8
_CITATION: Final = """\
@inproceedings{krishnakumar2022suitezero,
  title     = {{NAS-Bench-Suite-Zero}: Accelerating Research on Zero Cost Proxies},
  author    = {Krishnakumar, Arjun and White, Colin and Zela, Arber and Tu, Renbo and Safari, Mahmoud and Hutter, Frank},
  booktitle = {Advances in Neural Information Processing Systems, Datasets and Benchmarks Track},
  year      = {2022}
}"""
_EDGES: Final = 6
_OPERATIONS: Final = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")
"""Operations of NAS-Bench-101 as NASLib numbers them."""
_OTHER: Final = {
    "val_accuracy": "validation accuracies, which are those of the benchmark",
    "id": "upstream's own numbers",
}


def recognises(probe: Probe) -> bool:
    """Whether a file is JSON that speaks of scores by proxies."""
    if probe.kind != "file" or probe.head.lstrip()[:1] != b"{":
        return False
    with probe.path.open("rb") as file:
        head = file.read(1 << 16)
    return b'"synflow"' in head and b'"val_accuracy"' in head


def convert(path: Path) -> Conversion:
    """Read the file: ``{dataset: {architecture: {proxy: {"score": x, "time": s} or x, "val_accuracy": a}}}``.

    Raises
    ------
    SourceError
        If the file is not of that form, or has a proxy that is not known.
    """
    import orjson

    try:
        content = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        msg = f"{path} is not JSON ({error})"
        raise SourceError(msg) from error
    if not isinstance(content, dict) or not content:
        msg = f"{path} is not a table of scores by dataset"
        raise SourceError(msg)
    others: set[str] = set()
    frame = pl.DataFrame(
        [
            _row(path, dataset, cell, scores, others)
            for dataset, cells in content.items()
            for cell, scores in _items(path, dataset, cells)
        ],
        infer_schema_length=None,
    )
    names = [metric.name for metric in ZERO_COST if metric.name in frame.columns]
    scores = [name for name in names if not name.endswith("_time")]
    frame, left_out = without_signs(frame, scores, lambda value: value == _NO_VALUE)
    return Conversion(
        frame,
        key="architecture",
        to=_benchmarks(next(iter(next(iter(content.values()))))),
        name="suite-zero",
        metrics=[metric for metric in ZERO_COST if metric.name in names],
        licence="Apache-2.0",
        citation=_CITATION,
        left_out=left_out,
        not_exported=[_OTHER[name] for name in sorted(others)],
        notes={"no value": f"upstream writes {_NO_VALUE:g}"} if left_out else {},
    )


def _items(path: Path, dataset: str, cells: Any) -> Any:
    if not isinstance(cells, dict):
        msg = f"{path}: the entry of {dataset!r} is not a table of architectures"
        raise SourceError(msg)
    return cells.items()


def _row(path: Path, dataset: str, cell: str, scores: Any, others: set[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"architecture": _named(cell), "dataset": dataset}
    if not isinstance(scores, dict):
        msg = f"{path}: the entry of {cell} in {dataset!r} has no scores"
        raise SourceError(msg)
    for proxy, found in scores.items():
        if proxy in _OTHER:
            others.add(proxy)
            continue
        if proxy not in PROXIES:
            msg = f"{path}: {cell} in {dataset!r} has the unknown proxy {proxy!r}; known: {listed(PROXIES)}"
            raise SourceError(msg)
        score, time = (found.get("score"), found.get("time")) if isinstance(found, dict) else (found, None)
        row[f"zc_{proxy}"] = _number(path, cell, proxy, score)
        if time is not None:
            row[f"zc_{proxy}_time"] = _number(path, cell, proxy, time)
    return row


def _number(path: Path, cell: str, proxy: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        msg = f"{path}: {proxy} of {cell} is {value!r}, not a number"
        raise SourceError(msg)
    return float(value)


def _named(cell: str) -> str:
    """Name of an architecture that its search space parses: NASLib's tuple of a cell of NAS-Bench-101 has none there."""
    numbers = cell.strip("()").replace(" ", "").split(",")
    vertices = isqrt(len(numbers))  # the matrix, row by row, and then one operation for each vertex
    if cell.startswith("((") or vertices * (vertices + 1) != len(numbers) or len(numbers) == _EDGES:
        return cell
    operations = [_OPERATIONS[int(number)] for number in numbers[vertices**2 :]]
    return f"{''.join(numbers[: vertices**2])}|{','.join(operations)}"


def _benchmarks(cell: str) -> tuple[str, ...]:
    """Benchmarks whose architectures are named like this: tuples of 6 are cells of NAS-Bench-201, pairs of tuples DARTS's."""
    if cell.startswith("(("):
        return ("nb301",)
    return ("nats-tss", "nb201") if cell.count(",") == _EDGES - 1 else ("nb101",)
