"""The notebooks run from top to bottom, on a full store and on a bare one, and are stored without outputs."""

from __future__ import annotations

import json
import os
import re
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
NAMES = ["comparing_benchmarks", "tour", "whole_spaces"]

DRAWS = re.compile(r"\bnbf\.plot\.[a-z_]+\(")


@pytest.fixture
def run(tmp_path):
    """Execute a notebook with the interpreter that runs the tests, after some code if wanted; return its code cells."""

    def execute(name, *, store=None, before=""):
        book = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        book.cells.insert(0, nbformat.v4.new_code_cell(before))
        nbformat.write(book, tmp_path / "book.ipynb")
        kernel = tmp_path / "kernels" / "python3" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel.write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))

        kept = {key: value for key, value in os.environ.items() if key not in ("NBFRAMES_STORE", "MPLBACKEND")}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        result = subprocess.run(
            [sys.executable, "-c", "from nbclient.cli import main; main()", "--inplace", "--timeout=300", "book.ipynb"],
            env=kept
            | {"PYTHONPATH": path, "JUPYTER_PATH": str(tmp_path)}
            | ({"NBFRAMES_STORE": str(store)} if store else {}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        done = nbformat.read(tmp_path / "book.ipynb", as_version=4)
        return [cell for cell in done.cells[1:] if cell.cell_type == "code"]

    return execute


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def figures(cell):
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def test_the_notebooks_are_those_that_are_tested():
    assert [path.stem for path in NOTEBOOKS] == NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_valid_and_light(path):
    book = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(book)
    outputs = [cell.outputs for cell in book.cells if cell.cell_type == "code"]
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert book.metadata.kernelspec.name == "python3"
    assert len(json.dumps(outputs)) < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_draws_every_figure_from_the_sample(run, name):
    cells = run(name, store=nbf.synthetic.store().root)
    assert not [printed(cell) for cell in cells if "skipped:" in printed(cell) or "SYNTHETIC" in printed(cell)]
    drawing = [cell for cell in cells if DRAWS.search(cell.source)]
    assert drawing
    assert not [cell.source for cell in drawing if not figures(cell)]


@pytest.mark.parametrize("name", NAMES)
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
    assert not [cell.source for cell in silent if "skipped:" not in printed(cell)]


def test_without_a_store_a_notebook_takes_the_sample_and_says_that_it_is_synthetic(run):
    smaller = "import functools, nbframes; nbframes.synthetic.store = functools.partial(nbframes.synthetic.store, benchmarks=['nb301'])"
    cells = run("tour", before=smaller)
    assert "SYNTHETIC" in printed(cells[0])
