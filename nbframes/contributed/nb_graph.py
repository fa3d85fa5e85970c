"""NAS-Bench-Graph: 26,206 graph neural networks on nine graphs; means of three runs, as its light files publish them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

import nbframes as nbf
from nbframes.errors import SourceError
from nbframes.export.frames import batch_of
from nbframes.export.reader import Batch, Report
from nbframes.export.skipping import SkipPolicy, reason_of
from nbframes.export.source_files import described

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError

GRAPHS: Final = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins")
LINKS: Final = ("0,0,0,0", "0,0,0,1", "0,0,1,1", "0,0,1,2", "0,0,1,3", "0,1,1,1", "0,1,1,2", "0,1,2,2", "0,1,2,3")
"""Input of each of the four nodes: 0 for the raw features, i for node i. The first digit of an architecture's number."""
OPERATIONS: Final = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
"""Operations of the four nodes: the other digits."""

_ROC_AUC: Final = ("proteins",)
"""Graphs whose performance is an area under the curve."""
_SPLITS: Final = {"valid_perf": "val", "perf": "test"}
_DIGITS: Final = 5

BENCHMARK = nbf.Benchmark(
    "nb-graph",
    title="NAS-Bench-Graph",
    space=None,
    datasets=GRAPHS,
    splits=("val", "test"),
    metrics=(
        nbf.Metric("mean_accuracy", "fraction [0, 1]", "max", "mean accuracy", "mean accuracy of three runs"),
        nbf.Metric(
            "mean_roc_auc", "fraction [0, 1]", "max", "mean ROC-AUC", "mean area under the ROC curve of three runs"
        ),
    ),
    full_schedule=None,
    licence="Apache-2.0",
    citation="""\
@inproceedings{qin2022nasbenchgraph,
  title     = {{NAS-Bench-Graph}: Benchmarking Graph Neural Architecture Search},
  author    = {Qin, Yijian and Zhang, Ziwei and Wang, Xin and Zhang, Zeyang and Zhu, Wenwu},
  booktitle = {Advances in Neural Information Processing Systems, Datasets and Benchmarks Track},
  year      = {2022}
}""",
    reader="nbframes.contributed.nb_graph:GraphReader",
    synonyms=("nas-bench-graph",),
)


class GraphReader:
    """Reads a folder of light files ``<graph>.bench``: ``{number: {"valid_perf", "perf", "latency", "para"}}``, pickled."""

    accepts = "NAS-Bench-Graph: a folder of light files (cora.bench, arxiv.bench, ...), or one of them"
    benchmark = "nb-graph"
    unit = "graph"

    def __init__(self, probe: Probe) -> None:
        self._files = _files(probe)
        self.total = len(self._files)
        absent = [graph for graph in GRAPHS if graph not in {path.stem for path in self._files}]
        self.report = Report(
            "NAS-Bench-Graph, light files",
            not_exported=[f"{graph}.bench: not in the source" for graph in absent],
            notes={
                "means": "every performance is upstream's mean of three runs, not a run; seed 0 stands for it",
                "epochs": "the light files do not state them; schedule and budget 0 stand for that",
            },
        )

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a source has files named after graphs, whose pickles hold performances by number."""
        found = _files(probe)
        return bool(found) and all(map(_is_pickle, found))

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:  # noqa: ARG002 -- small files
        """Read the source once; see `nbframes.export.reader.Reader`."""
        from nbframes.export.containers.pickles import load  # numpy; a plug-in is loaded before most questions

        skipping = SkipPolicy(self._files[0].parent, self.report, on_error)
        rows = []
        for path in self._files:
            self.report.files.append(described(path))
            with path.open("rb") as file:
                table = load(file, str(path))
            if not isinstance(table, dict):
                msg = f"{path}: it holds no table of architectures"
                raise SourceError(msg)
            for number, entry in table.items():
                try:
                    rows.append({"number": _checked(number), "dataset": path.stem} | _values(entry))
                except (SourceError, KeyError, TypeError, ValueError) as error:
                    skipping.leave_out(f"{path.name}, architecture {number!r}", reason_of(error))
        if rows:
            yield _batch(pl.DataFrame(rows), self.total)


def _files(probe: Probe) -> list[Path]:
    if probe.kind == "folder":
        return [probe.path / f"{graph}.bench" for graph in GRAPHS if f"{graph}.bench" in probe.names]
    return [probe.path] if probe.path.suffix == ".bench" and probe.path.stem in GRAPHS else []


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1) == b"\x80"


def _checked(number: Any) -> int:
    digits = f"{number:05d}" if isinstance(number, int) else ""
    if len(digits) != _DIGITS or int(digits[0]) >= len(LINKS) or any(int(d) >= len(OPERATIONS) for d in digits[1:]):
        msg = f"{number!r} is not the number of an architecture"
        raise SourceError(msg)
    return int(number)


def _values(entry: Any) -> dict[str, float]:
    values = {name: float(entry[name]) for name in ("valid_perf", "perf", "latency", "para")}
    for name in _SPLITS:
        if not 0 <= values[name] <= 1:
            msg = f"its {name} {values[name]!r} is not a fraction"
            raise SourceError(msg)
    return values


def _batch(table: pl.DataFrame, progress: int) -> Batch:
    numbers = table.select(pl.col("number").unique().sort())
    archs = numbers.with_row_index("arch").with_columns(
        pl.col("number").cast(pl.String).str.zfill(_DIGITS).alias("digits")
    )
    digit = [pl.col("digits").str.slice(i, 1).cast(pl.Int32) for i in range(_DIGITS)]
    archs = archs.with_columns(
        digit[0].replace_strict(range(len(LINKS)), LINKS, return_dtype=pl.String).alias("link"),
        *(
            digit[i].replace_strict(range(len(OPERATIONS)), OPERATIONS, return_dtype=pl.String).alias(f"op_{i}")
            for i in range(1, _DIGITS)
        ),
    )
    keyed = table.join(archs.select("number", "arch"), on="number").with_columns(schedule=0, budget=0, seed=0)
    metric = pl.when(pl.col("dataset").is_in(_ROC_AUC)).then(pl.lit("mean_roc_auc")).otherwise(pl.lit("mean_accuracy"))
    results = keyed.unpivot(
        list(_SPLITS),
        index=["arch", "dataset", "schedule", "budget", "seed"],
        variable_name="split",
        value_name="value",
    ).with_columns(metric=metric, split=pl.col("split").replace_strict(_SPLITS, return_dtype=pl.String), final=True)
    runs = keyed.select(
        "arch", "dataset", "schedule", "seed", "latency", params=(pl.col("para") * 1e6).round().cast(pl.Int64)
    )
    named = archs.select(
        "arch",
        pl.col("arch").alias("position"),
        pl.format("{}|{},{},{},{}", "link", "op_1", "op_2", "op_3", "op_4").alias("arch_str"),
        pl.col("number").cast(pl.String).alias("hash"),
        "link",
        *(f"op_{i}" for i in range(1, _DIGITS)),
    )
    return batch_of(results, named, runs, progress=progress)
