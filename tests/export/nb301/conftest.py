"""Runs of NAS-Bench-301 made from the real one, and the tables that a reader gives of them."""

from __future__ import annotations

import json
import pickle
import tarfile
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pytest

from nbframes.export.formats import detect
from nbframes.spaces import darts

if TYPE_CHECKING:
    from pathlib import Path

POINTS = 98


class Tables(NamedTuple):
    results: pl.DataFrame
    archs: pl.DataFrame
    runs: pl.DataFrame
    report: object

    def curve(self, metric: str, split: str, path: str) -> pl.DataFrame:
        run = self.runs.row(by_predicate=pl.col("path") == path, named=True)
        rows = self.results.filter(metric=metric, split=split, arch=run["arch"], seed=run["seed"])
        return rows.select("budget", "value", "final")


def read(reader, *, jobs: int = 1, on_error: str = "raise") -> Tables:
    results, archs, runs = [], [], []
    for batch in reader.batches(jobs=jobs, on_error=on_error):
        for rows in batch.rows:
            columns = {name: getattr(rows, name) for name in ("arch", "schedule", "budget", "seed", "value")}
            frame = pl.DataFrame(columns).with_columns(final=pl.lit(rows.final))
            key = frame.select(pl.struct("arch", "schedule", "budget", "seed"))
            assert key.equals(key.sort(pl.all())), "the contract of Rows: sorted"
            results.append(frame.with_columns(**{n: pl.lit(v) for n, v in rows.partition._asdict().items()}))
        archs.append(batch.archs)
        runs.append(batch.runs)
    key = ["metric", "dataset", "split", "arch", "schedule", "budget", "seed"]
    whole = pl.concat(results).sort(key) if results else pl.DataFrame()
    assert not results or whole.select(pl.struct(key).is_unique().all()).item()
    return Tables(whole, pl.concat(f for f in archs if f.height), pl.concat(f for f in runs if f.height), reader.report)


@pytest.fixture(scope="session")
def real(data) -> dict:
    return json.loads((data / "nb301/results_0.json").read_text())


@pytest.fixture
def make(real):
    """Make a run of 100 epochs from the real one, with curves; ``cell`` varies the architecture."""

    def make(cell: int = 0, points: int = POINTS, **changes) -> dict:
        run = json.loads(json.dumps(real))
        config = run["optimized_hyperparamater_config"]
        for name in [name for name in config if name in darts.CONFIG]:
            del config[name]
        config |= darts.to_config(darts.sample(100, seed=0)["arch_str"][cell])
        run |= {"budget": 100, "created_by_optimizer": "rs"}
        curve = (50 + 40 * np.linspace(0, 1, points) ** 0.5 + cell).astype(np.float32).astype(float)
        run["learning_curves"] = {
            "Train/val_accuracy": curve.tolist(),
            "Train/train_accuracy": (curve - 3).tolist(),
            "Train/train_loss": (2 - curve / 100).tolist(),
            "Train/train_cross_entropy": (1 - curve / 200).tolist(),
            "Train/val_cross_entropy": (1 - curve / 300).tolist(),
            "Train/learning_rate": np.linspace(0.025, 1e-6, points).tolist(),
            "Train/epochs": [float(e) for e in range(1, points + 1)],
            "Train/model_parameters": [6369358.0] * points,
        }
        return run | changes

    return make


def write(folder: Path, runs: dict[str, object]) -> Path:
    for path, run in runs.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(run if isinstance(run, str) else json.dumps(run))
    return folder


@pytest.fixture
def release(tmp_path, make) -> Path:
    """Some runs of three optimizers, one architecture in two of them."""
    runs = {f"rs/results_{k}.json": make(cell) for k, cell in ((0, 0), (1, 1), (2, 2), (10, 3), (12, 0))}
    runs |= {"de/results_7.json": make(2), "de/results_9.json": make(4), "rs/results_3_ti.json": make(5)}
    runs |= {"lowpar_training_data/rs/results_0.json": make(6)}
    return write(tmp_path / "top/nb_301_v13_lc_iclr_final", runs)


def containers(release: Path, folder: Path) -> dict[str, object]:
    top = release.parent
    files = sorted(path for path in top.rglob("*.json"))
    with zipfile.ZipFile(folder / "runs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in reversed(files):
            archive.write(file, file.relative_to(top))
    for name, mode in (("runs.tar", "w"), ("runs.tar.gz", "w:gz"), ("runs.tar.xz", "w:xz")):
        with tarfile.open(folder / name, mode) as archive:
            for file in reversed(files):
                archive.add(file, f"./{file.relative_to(top)}")
    entries = [{"path": str(file), "parsed": json.loads(file.read_text())} for file in files]
    with (folder / "runs.pkl").open("wb") as file:
        pickle.dump({"benchmark": "nasbench301", "num_files": len(entries), "entries": entries}, file, protocol=4)
    return {
        "folder": detect(release),
        "folder above": detect(top),
        "zip": detect(folder / "runs.zip"),
        "tar": detect(folder / "runs.tar"),
        "tar.gz": detect(folder / "runs.tar.gz"),
        "tar.xz": detect(folder / "runs.tar.xz"),
        "pickle": detect(folder / "runs.pkl"),
    }
