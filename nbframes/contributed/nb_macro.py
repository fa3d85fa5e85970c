"""NAS-Bench-Macro: 6,561 networks of eight layers with three choices each, trained three times on CIFAR-10."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

import nbframes as nbf
from nbframes.errors import SourceError
from nbframes.export.frames import batch_of
from nbframes.export.reader import Batch, Report
from nbframes.export.skipping import SkipPolicy, reason_of
from nbframes.export.source_files import described_content

if TYPE_CHECKING:
    from collections.abc import Generator

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError
    from nbframes.spaces import GridSpace

LAYERS = 8
CHOICES = ("0", "1", "2")
"""Identity, MobileNetV2 block with kernel 3 and expansion 3, the same with kernel 5 and expansion 6."""
EPOCHS = 50

BENCHMARK = nbf.Benchmark(
    "nb-macro",
    title="NAS-Bench-Macro",
    space="nbframes.contributed.nb_macro:SPACE",
    datasets=("cifar10",),
    splits=("test",),
    metrics=(nbf.Metric("accuracy", "percent [0, 100]", "max", "accuracy (%)", "test accuracy", 1e-5),),
    full_schedule=EPOCHS,
    licence="Apache-2.0",
    citation="""\
@inproceedings{su2021prioritized,
  title     = {Prioritized Architecture Sampling with {Monto-Carlo} Tree Search},
  author    = {Su, Xiu and Huang, Tao and Li, Yanxi and You, Shan and Wang, Fei and Qian, Chen and Zhang, Changshui and Xu, Chang},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year      = {2021}
}""",
    reader="nbframes.contributed.nb_macro:MacroReader",
    synonyms=("nas-bench-macro",),
)


class MacroReader:
    """Reads ``nas-bench-macro_cifar10.json``: ``{architecture: {"test_acc": [three], "mean_acc", "std", "params", "flops"}}``."""

    accepts = "NAS-Bench-Macro: nas-bench-macro_cifar10.json"
    benchmark = "nb-macro"
    unit = "arch"
    total = len(CHOICES) ** LAYERS

    def __init__(self, probe: Probe) -> None:
        self._path = probe.path
        self.report = Report(
            "NAS-Bench-Macro",
            not_exported=["mean_acc, std: follow from the three accuracies"],
            notes={
                "accuracy": "upstream's training script reports the best of the 50 epochs on the test set",
                "params": "upstream's count, a whole number",
            },
        )

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a file begins like a JSON object whose entries have test accuracies."""
        return probe.kind == "file" and probe.head.lstrip().startswith(b"{") and b'"test_acc"' in probe.head

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:  # noqa: ARG002 -- one small file
        """Read the source once; see `nbframes.export.reader.Reader`."""
        import orjson

        content = self._path.read_bytes()
        self.report.files = [described_content(self._path.name, content)]
        try:
            entries = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            msg = f"{self._path}: it is not JSON: {error}"
            raise SourceError(msg) from error
        skipping = SkipPolicy(self._path, self.report, on_error)
        rows = []
        for name in sorted(entries):
            try:
                rows.append(_row(name, entries[name]))
            except (SourceError, KeyError, TypeError, ValueError) as error:
                skipping.leave_out(f"architecture {name!r}", reason_of(error))
        if rows:
            yield _batch(pl.DataFrame(rows), self.total)


def _row(name: str, entry: Any) -> dict[str, Any]:
    _space().validate(name)
    accuracies = [float(value) for value in entry["test_acc"]]
    if not accuracies or not all(0 <= value <= 100 for value in accuracies):
        msg = f"its test_acc {entry['test_acc']!r} are not percentages"
        raise SourceError(msg)
    return {
        "arch": int(_space().index(name)),
        "arch_str": name,
        "value": accuracies,
        "params": int(entry["params"]),
        "mflops": float(entry["flops"]) / 1e6,
    }


def _batch(table: pl.DataFrame, progress: int) -> Batch:
    runs = (
        table.with_columns(seed=pl.int_ranges(pl.col("value").list.len()))
        .explode("value", "seed")
        .with_columns(dataset=pl.lit("cifar10"), schedule=EPOCHS)
    )
    results = runs.select(
        "arch", "dataset", "schedule", "seed", "value", split=pl.lit("test"), budget=EPOCHS, metric=pl.lit("accuracy")
    )
    table = table.sort("arch")
    archs = table.select("arch", "arch_str", hash=_space().hash(table["arch_str"]), position=pl.int_range(pl.len()))
    archs = archs.select("arch", "position", "arch_str", "hash").hstack(_space().parse(table["arch_str"]))
    return batch_of(
        results, archs, runs.select("arch", "dataset", "schedule", "seed", "params", "mflops"), progress=progress
    )


@cache
def _space() -> GridSpace[tuple[str, ...]]:
    """Return the search space; it needs numpy, which is not to be loaded with the plug-in."""
    from nbframes.spaces import GridSpace

    positions = {f"layer_{i}": CHOICES for i in range(1, LAYERS + 1)}
    return GridSpace("NAS-Bench-Macro network", positions=positions, template="{}" * LAYERS)


def __getattr__(name: str) -> Any:
    if name == "SPACE":
        return _space()
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
