"""The documentation: it builds without a warning, its code runs, and every public name has a place in it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

import nbframes as nbf

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").rglob("*.md"))
BLOCK = re.compile(r"```python(?: figure)?\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def hooks():
    pytest.importorskip("mkdocs", reason="mkdocs is not installed: pip install nbframes[docs]")
    spec = importlib.util.spec_from_file_location("hooks", ROOT / ".mkdocs" / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_is_on_a_page(hooks):
    found = {name.rsplit(".", 1)[1] for names in hooks.public_names().values() for name in names}
    rooms = {name for name in nbf.__all__ if not callable(getattr(nbf, name))}
    shown = {room for group in hooks.ROOMS.values() for room in group}
    assert set(nbf.__all__) - rooms <= found | rooms
    assert rooms - shown <= {"schema"}  # tables and their columns have a page of their own
    for room in ("analysis", "plot", "search", "surrogate"):
        public = {name for name in getattr(nbf, room).__all__ if callable(getattr(getattr(nbf, room), name))}
        assert public <= found


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page, monkeypatch, tmp_path):
    from matplotlib import pyplot as plt

    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "page"}
    for code in BLOCK.findall((ROOT / page).read_text("utf-8")):
        if code.startswith("# on a cluster"):
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, page, "exec"), space)
    plt.close("all")


def test_the_site_builds_without_a_warning(hooks, tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", ".mkdocs/config.yml", "-d", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "JUPYTER_PLATFORM_DIRS": "1"}
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert {"index.html", "gallery.html", "reference/index.html", "concepts/ties.html", "tour.html"} <= pages
    assert len(list((tmp_path / "figures").glob("gallery-*.svg"))) == (ROOT / "notebooks/gallery.md").read_text().count(
        "python figure"
    )
    built = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.html")}
    fetched = re.compile(
        r'<(?:script|img|iframe)[^>]+src="?(?:https?:)?//|<link[^>]+stylesheet[^>]+href="?(?:https?:)?//|fonts.googleapis'
    )
    assert not [path for path, page in built.items() if fetched.search(page)]
    assert not [path for path, page in built.items() if path.name != "404.html" and _broken(path, page)]


def _broken(path, page):
    """Links of a page, relative ones, that lead to no file of the site."""
    links = re.findall(r'(?:href|src)="?(?![a-z]+:|//|#)([^"\s>#?]+)', page)
    return [link for link in links if not (path.parent / unquote(link)).exists()]
