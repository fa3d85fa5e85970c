"""Lint, types, import weight and the shape of the repository."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "nbframes"

LATE = {
    "numpy",
    "pyarrow",
    "matplotlib",
    "scipy",
    "torch",
    "requests",
    "duckdb",
    "pandas",
    "onnxruntime",
    "lightgbm",
    "orjson",
    "filelock",
    "obstore",
}


def _run(*command):
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command", [("ruff", "check", "."), ("ruff", "format", "--check", ".")], ids=["lint", "format"]
)
def test_the_code_is_clean(command):
    result = _run("-m", *command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_importing_loads_polars_and_nothing_heavy():
    script = "import sys; import polars; before = set(sys.modules); import nbframes; print(*sorted(set(sys.modules) - before))"
    loaded = {name.split(".")[0] for name in _run("-c", script).stdout.split()}
    assert "nbframes" in loaded
    assert not loaded & LATE


def test_help_needs_neither_polars_nor_the_list_of_downloads():
    script = "import sys; from nbframes.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    loaded = _run("-c", script).stdout.split()
    assert "nbframes.cli.commands.download" in loaded
    assert not {"polars", "tomllib", *LATE} & set(loaded)


def test_a_query_needs_nothing_heavy(tmp_path):
    script = f"""
import sys, polars as pl, nbframes as nbf
frame = pl.DataFrame({{"arch": [0], "dataset": "cifar10", "split": "test", "schedule": 9, "budget": 9, "seed": 1, "metric": "accuracy", "value": [1.5]}})
nbf.write_results(frame, {str(tmp_path)!r}, benchmark="mine")
"""
    assert _run("-c", script).returncode == 0
    query = f"""
import sys, nbframes as nbf
print(nbf.scan("mine", store={str(tmp_path)!r}).filter(nbf.on("cifar10", "test"), nbf.final()).select(nbf.seed_mean()).collect().item())
print(*(name for name in sys.modules if "." not in name))
"""
    value, modules = _run("-c", query).stdout.splitlines()
    assert value == "1.5"
    assert not set(modules.split()) & (LATE - {"orjson"})


ROOMS = [
    {"errors"},
    {"schema"},
    {"benchmarks"},
    {"numerics", "display"},
    {"spaces"},
    {"expr"},
    {"store"},
    {"downloads"},
    {"export"},
    {"lookup_table"},
    {"analysis"},
    {"plot"},
    {"published", "synthetic", "surrogate", "compat", "report"},
    {"search"},
    {"testing", "contributed"},
    {"cli"},
]
"""Rooms of the package from the ground up; those of one set do not know each other."""


class _Imports(ast.NodeVisitor):
    """Rooms of nbframes that a file imports, at load or later; those for types alone do not count."""

    def __init__(self):
        self.rooms = set()

    def visit_If(self, node):
        parts = (
            node.orelse if getattr(node.test, "id", "") == "TYPE_CHECKING" else [node.test, *node.body, *node.orelse]
        )
        for part in parts:
            self.visit(part)

    def visit_ImportFrom(self, node):
        if node.module and node.module.startswith("nbframes"):
            parts = node.module.split(".")
            self.rooms |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}

    def visit_Import(self, node):
        names = (alias.name.split(".") for alias in node.names)
        self.rooms |= {parts[1] for parts in names if parts[0] == "nbframes" and len(parts) > 1}


def test_rooms_import_only_rooms_below_them_late_imports_included():
    level = {room: height for height, rooms in enumerate(ROOMS) for room in rooms}
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room in ("__init__", "__main__"):
            continue
        assert room in level, f"{room} has no place in ROOMS"
        imports = _Imports()
        imports.visit(ast.parse(path.read_text("utf-8")))
        for other in imports.rooms & set(level) - {room}:
            assert level[other] < level[room], f"{path.relative_to(ROOT)} imports {other}"


def test_the_top_level_holds_only_what_belongs_there():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    top = {Path(name).parts[0] for name in tracked.stdout.splitlines()}
    allowed = {"nbframes", "notebooks", "tests", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}
    assert {name for name in top if not name.startswith(".")} <= allowed


def test_files_are_rooms_not_halls():
    long = {str(p.relative_to(ROOT)): n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text().splitlines())) > 400}
    assert not long


def test_every_public_name_has_documentation():
    import nbframes as nbf

    undocumented = [name for name in nbf.__all__ if not (getattr(nbf, name).__doc__ or "").strip()]
    assert not undocumented
