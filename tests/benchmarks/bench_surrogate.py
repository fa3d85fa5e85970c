"""Surrogate answers for columns of sampled cells against onnxruntime alone on inputs that are already encoded.

usage: bench_surrogate.py FOLDER_OF_SURROGATE [--size N] [--repeat N]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

import nbframes as nbf
from nbframes.surrogate.onnx_batch import with_free_batch
from tests.benchmarks.table import Row, measure, print_table


def peer(model: bytes, size: int, rows: int) -> object:
    """One session with onnxruntime's own threads and nothing but its calls."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options)
    categories = np.random.default_rng(0).integers(0, 4, (size, 34), dtype=np.int32)
    epochs = np.full((size, 1), 98, dtype=np.float32)

    def run() -> None:
        for start in range(0, size, rows):
            part = slice(start, start + rows)
            session.run(None, {"x_cat": categories[part], "x_cont": epochs[part]})

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    model = (options.folder / "new_model.onnx").read_bytes()
    surrogate = nbf.surrogate.load(options.folder)
    cells = nbf.spaces.darts.sample(options.size, seed=0)["arch_str"]
    archs = nbf.surrogate.archs(cells)

    def store() -> None:
        with tempfile.TemporaryDirectory() as folder:
            nbf.write_results(surrogate.predict_batches(cells), folder, benchmark="nb301-surrogate", archs=archs)

    batched = {
        rows: measure(peer(with_free_batch(model), options.size, rows), repeat=options.repeat) for rows in (1024, 4096)
    }
    best = min(batched, key=batched.__getitem__)
    single_size = min(options.size, 2_000)
    single = measure(peer(model, single_size, 1), repeat=options.repeat) * options.size / single_size
    ours = measure(lambda: surrogate.predict(cells), repeat=options.repeat)
    stored = measure(store, repeat=options.repeat)
    few = cells.head(max(1, options.size // 98))
    curves = measure(lambda: surrogate.predict(few, range(1, 99)), repeat=options.repeat)
    curves_alone = measure(peer(with_free_batch(model), len(few) * 98, best), repeat=options.repeat)
    alone = f"onnxruntime alone, batches of {best}"
    print_table(
        f"Surrogate, {options.size:,} cells",
        [
            Row("predict, column of texts to long frame", ours, batched[best], alone),
            Row("predict, the same", ours, single, "onnxruntime alone, the published model row by row"),
            Row(f"predict, {len(few):,} cells x 98 budgets", curves, curves_alone, alone, "<= 1"),
            Row("predict_batches into a store", stored, batched[best], alone),
            Row(
                "  cells per second (predict)",
                options.size / ours * 1e3,
                options.size / batched[best] * 1e3,
                alone,
                unit="1/s",
            ),
        ],
    )


if __name__ == "__main__":
    main()
