"""The notebooks run from top to bottom on any store; what they keep of the published values is what they give now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf

pytest.importorskip("nbclient", reason="notebooks are run by nbclient")
pytest.importorskip("ipykernel", reason="notebooks are run by ipykernel")
nbformat = pytest.importorskip("nbformat", reason="notebooks are read by nbformat")

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PUBLISHED = ["attachments", "comparing_benchmarks", "search", "tour", "whole_spaces"]
"""Kept with their outputs, on the published values."""
ANY_STORE = [*PUBLISHED, "official_files"]
"""Say what a store lacks instead of failing."""
LARGEST = 300_000

DRAWS = re.compile(r"\bnbf\.plot\.[a-z_]+\(")


def stored(name):
    return code_cells(ROOT / "notebooks" / f"{name}.ipynb")


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.fixture
def run(tmp_path):
    """Execute a copy of a notebook in a process of its own; return its code cells."""

    def execute(name, *, store=None):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", tmp_path / "book.ipynb")
        command = [sys.executable, str(ROOT / "tests" / "tools" / "run_notebooks.py"), str(tmp_path / "book.ipynb")]
        command += ["--store", str(store)] if store else []
        done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return code_cells(tmp_path / "book.ipynb")

    return execute


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def figures(cell):
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def test_the_notebooks_that_are_tested_exist():
    assert set(ANY_STORE) <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_valid_and_light(path):
    book = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert book.metadata.kernelspec.name == "python3"
    assert path.stat().st_size < LARGEST
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


def test_synthetic_numbers_are_not_kept():
    assert not [cell for cell in stored("official_files") if cell.outputs]


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_kept_is_what_the_published_values_give(run, name):
    kept, now = stored(name), run(name)
    assert [printed(cell) for cell in kept] == [printed(cell) for cell in now]
    assert [len(figures(cell)) for cell in kept] == [len(figures(cell)) for cell in now]
    drawing = [cell for cell in now if DRAWS.search(cell.source)]
    assert drawing
    assert not [cell.source for cell in drawing if not figures(cell)]


@pytest.mark.slow
def test_figures_of_official_files_are_drawn_from_synthetic_ones_and_say_so(run):
    cells = run("official_files")
    assert "SYNTHETIC" in printed(cells[0])
    drawing = [cell for cell in cells if DRAWS.search(cell.source)]
    assert drawing
    assert not [cell.source for cell in drawing if not figures(cell) or "skipped:" in printed(cell)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ANY_STORE)
def test_a_notebook_says_what_a_bare_store_lacks(run, tmp_path, name):
    """One benchmark with final values of one schedule, no architectures and no runs."""
    frame = pl.DataFrame({"arch": range(30), "seed": 777, "schedule": 200, "budget": 200}).with_columns(
        pl.lit("accuracy").alias("metric"),
        pl.lit("cifar10-valid").alias("dataset"),
        pl.lit("val").alias("split"),
        (90 + pl.col("arch") / 10).alias("value"),
    )
    nbf.write_results(frame, tmp_path / "store", benchmark="nats-tss")
    cells = run(name, store=tmp_path / "store")
    silent = [cell for cell in cells if DRAWS.search(cell.source) and not figures(cell)]
    assert silent
    assert not [cell.source for cell in silent if not re.search("skipped:|left out", printed(cell))]
