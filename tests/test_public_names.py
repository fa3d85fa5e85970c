"""The public list: one stub says what there is, and every name of it works in a new interpreter, whatever was touched before."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import nbframes as nbf

ROOT = Path(__file__).resolve().parents[1]
STUB = ROOT / "nbframes" / "__init__.pyi"


def _stubbed():
    """Every public name with the module that it comes from; None for what is a module itself."""
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1
            for alias in node.names:
                assert alias.asname == alias.name, (
                    f"{alias.name}: write `{alias.name} as {alias.name}`, or it is not public"
                )
                yield alias.name, node.module


NAMES = dict(_stubbed())


def _new_interpreter(code):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)


def test_the_stub_and_the_package_agree():
    assert len(NAMES) == len(list(_stubbed()))
    assert sorted(nbf.__all__) == sorted(NAMES)
    assert set(NAMES) <= set(dir(nbf))
    for name, module in NAMES.items():
        expected = import_module(f"nbframes.{name if module is None else module}")
        assert getattr(nbf, name) is (expected if module is None else getattr(expected, name))


def test_a_command_has_begun_before_anything_is_imported():
    """Until `program` runs, Ctrl-C is answered by Python, with lines of whatever was being imported."""
    code = "import sys; before = set(sys.modules); from nbframes.__main__ import program; print(*set(sys.modules) - before)"
    done = _new_interpreter(code)
    assert (set(done.stdout.split()), done.stderr) == ({"nbframes", "nbframes.__main__"}, "")


def test_all_public_names_can_be_imported_at_once():
    done = _new_interpreter(f"from nbframes import *; assert {NAMES!r}.keys() <= globals().keys()")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(
    not hasattr(os, "fork"), reason="children of one interpreter are new interpreters only where there is fork"
)
@pytest.mark.parametrize(
    "touched",
    [
        "pass",
        "nbf.ecdf, nbf.plot.ecdf",
        "import nbframes.export.formats",
        "from nbframes.analysis.comparison import compare",
        "from nbframes.store import Store; nbf.lookup",
        "import nbframes.report, nbframes.cli",
    ],
)
def test_every_name_works_first_whatever_was_touched_before(touched):
    done = _new_interpreter(
        f"""
import os, sys, traceback
import polars, numpy, pyarrow, matplotlib.pyplot  # not ours; each child would only load them again
import nbframes as nbf
{touched}
failed = []
for name, module in {NAMES!r}.items():
    child = os.fork()
    if not child:
        try:
            value = getattr(nbf, name)
            assert (type(value).__name__ == "module") is (module is None), value
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        failed.append(name)
print(failed)
"""
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import nbframes as nbf; nbf.analysis.ecdf; nbf.analysis.Comparison; nbf.analysis.neighbour_pairs",
        "import nbframes as nbf; nbf.report.write; nbf.downloads.available; nbf.expr.tied",
        "import nbframes as nbf; nbf.spaces.tss.parse, nbf.plot.STYLE, nbf.errors.StoreError, nbf.schema.RESULTS",
        "import nbframes.export.formats as formats, nbframes as nbf; formats.detect, nbf.export.__kwdefaults__['overwrite']",
        "import nbframes.export.formats; nbframes.export.formats.detect; nbframes.export.__code__",
        "import nbframes as nbf; nbf.export.__code__; import nbframes.export.reader; nbf.export.__code__; nbf.export.reader.Reader",
        "from nbframes import export; from nbframes.export import formats, export as same; assert export is same",
        "from nbframes import *; export.__code__, analysis.ecdf, Metric",
    ],
)
def test_every_documented_path_works_in_a_new_interpreter(code):
    done = _new_interpreter(code)
    assert done.returncode == 0, done.stderr


def test_export_is_documented_as_a_function():
    import inspect

    assert inspect.isfunction(nbf.export)
    assert list(inspect.signature(nbf.export).parameters)[:2] == ["source", "store"]
    assert (nbf.export.__doc__ or "").startswith("Export an upstream benchmark")


@pytest.mark.parametrize("name", ["Comparison", "available", "neighbour_pairs", "replacement_pairs", "_load_all"])
def test_what_is_not_public_is_not_there(name):
    with pytest.raises(AttributeError, match=f"module 'nbframes' has no attribute '{name}'"):
        getattr(nbf, name)


def test_a_misspelt_name_gets_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'best_archs'"):
        nbf.best_arch  # noqa: B018


def test_importing_loads_no_room_before_it_is_used():
    done = _new_interpreter(
        "import sys, nbframes; print(*(name for name in sys.modules if name.startswith('nbframes')))"
    )
    assert done.stdout.split() == ["nbframes"]


def test_type_checkers_see_what_there_is(tmp_path):
    """The package itself is typed; every name has a type, a function keeps its signature, what is not public is an error.

    One run of the type checker answers all of it, since it takes minutes of a slow machine.
    """
    lines = [
        "import nbframes as nbf",
        "import nbframes.export.formats as formats",
        "from nbframes.errors import StoreError",
    ]
    lines += [f"nbf.{name}" for name in NAMES]
    lines += [
        'manifest: nbf.Manifest = nbf.export("source", "store", overwrite=True)',
        'nbf.export("source", "store", overwrit=True)  # type: ignore[call-arg]',
        'nbf.Metric("m", "s", "higher")  # type: ignore[arg-type]',
        "nbf.available  # type: ignore[attr-defined]",
        "formats.detect, StoreError",
    ]
    (tmp_path / "user.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "mypy", "--strict", "nbframes", str(tmp_path / "user.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
