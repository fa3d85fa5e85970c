"""Runs notebooks and keeps their outputs: ``python tests/tools/run_notebooks.py [--store STORE] NOTEBOOK...``.

Without a store they run on the published values; those in ``notebooks/`` are kept as this leaves them. Figures are reduced to few
colours, which makes them a third as large and looks the same.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

STEP = 17
"""Of each colour channel: sixteen levels, black and white among them."""

ROOT = Path(__file__).resolve().parents[2]


def execute(path: Path, store: str | None) -> Any:
    """Run a notebook with this interpreter on this checkout, and nothing of the user's; return it with its outputs."""
    book = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        kernel = Path(folder, "kernels", "python3", "kernel.json")
        kernel.parent.mkdir(parents=True)
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel.write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))
        for name in ("NBFRAMES_STORE", "MPLBACKEND"):
            os.environ.pop(name, None)
        os.environ |= {"JUPYTER_PATH": folder, "XDG_DATA_HOME": folder} | ({"NBFRAMES_STORE": store} if store else {})
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        client = NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}})
        client.execute()
    return book


def lighten(book: Any) -> None:
    """Reduce the figures, and leave out what differs from run to run."""
    for cell in book.cells:
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output["data"]["image/png"] = _reduced(output["data"]["image/png"])
    book.metadata = {"kernelspec": book.metadata["kernelspec"], "language_info": {"name": "python"}}


def _reduced(png: str) -> str:
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    coarse = picture.point(lambda level: round(level / STEP) * STEP)
    palette = coarse.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small = io.BytesIO()
    palette.save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store")
    parser.add_argument("notebooks", nargs="+", type=Path)
    options = parser.parse_args()
    for path in options.notebooks:
        book = execute(path, options.store)
        lighten(book)
        nbformat.write(book, path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
