"""`nbframes.compat.install`: other APIs' names mean ours, in one process, whether or not the originals are there."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from nbframes.compat import hook
from nbframes.errors import InvalidArgumentError, StoreError


@pytest.fixture(scope="module")
def store():
    return nbf.synthetic.store()


@pytest.fixture
def clean():
    """No module of any of the packages imported, and everything as it was afterwards."""
    before = {name: sys.modules[name] for name in sys.modules if name.partition(".")[0] in hook.PACKAGES}
    for name in before:
        del sys.modules[name]
    yield
    hook.uninstall()
    for name in [name for name in sys.modules if name.partition(".")[0] in hook.PACKAGES]:
        del sys.modules[name]
    sys.modules.update(before)


def test_names_mean_ours_until_uninstalled(clean, store):
    nbf.compat.install(store)
    import nats_bench
    from nats_bench.api_topology import ALL_BASE_NAMES, NATStopology

    assert nats_bench is nbf.compat.nats_bench
    assert nats_bench.NATStopology is NATStopology
    assert nats_bench.api_utils.time_string
    assert ALL_BASE_NAMES == ["NATS-tss-v1_0-3ffb9"]
    assert nats_bench.__spec__.name == "nbframes.compat.nats_bench"
    nbf.compat.uninstall()
    import nats_bench

    assert nats_bench is not nbf.compat.nats_bench
    assert "site-packages" in nats_bench.__file__


@pytest.mark.parametrize("name", hook.PACKAGES)
def test_every_package_is_answered(clean, store, name):
    nbf.compat.install(store)
    assert importlib.import_module(name).__name__ == f"nbframes.compat.{name}"


def test_modules_imported_before_are_replaced_and_put_back_with_a_warning(clean, store):
    original = importlib.import_module("nats_bench")
    utilities = importlib.import_module("nats_bench.api_utils")
    with pytest.warns(UserWarning, match="imported before .*: nats_bench"):
        nbf.compat.install(store)
    assert sys.modules["nats_bench"] is nbf.compat.nats_bench
    assert sys.modules["nats_bench.api_utils"] is nbf.compat.nats_bench.api_utils
    nbf.compat.uninstall()
    assert sys.modules["nats_bench"] is original
    assert sys.modules["nats_bench.api_utils"] is utilities
    assert original.api_utils is utilities


def test_installing_twice_changes_the_store_alone(clean, store, tmp_path):
    nbf.compat.install()
    nbf.compat.install(store)
    import nats_bench

    assert nats_bench.create(None, "tss", verbose=False).filename == Path(store.root).name
    assert sum(finder is hook._finder for finder in sys.meta_path) == 1
    nbf.compat.uninstall()
    nbf.compat.uninstall()
    with pytest.raises(StoreError, match="no nbframes store"):
        nbf.compat.install(tmp_path)
    assert hook._finder not in sys.meta_path


def test_a_module_that_we_lack_is_refused_in_words(clean):
    nbf.compat.install()
    with pytest.raises(ModuleNotFoundError, match=r"no counterpart of 'nats_bench\.extras'"):
        importlib.import_module("nats_bench.extras")


@pytest.mark.parametrize("path", [None, "NATS-tss-v1_0-3ffb9-simple", "/x/.torch/NATS-tss-v1_0-3ffb9.pickle.pbz2"])
def test_paths_of_official_files_stand_for_the_store(clean, store, path):
    nbf.compat.install(store)
    from nats_bench import create

    api = create(path, "tss", fast_mode=True, verbose=False)
    expected = nbf.compat.nats_bench.create(store, "tss", fast_mode=True, verbose=False)
    ask = {"dataset": "cifar10", "hp": "200", "is_random": False}
    assert api.get_more_info(3, **ask) == expected.get_more_info(3, **ask)


def test_another_benchmark_s_file_is_refused(clean, store):
    nbf.compat.install(store)
    from nats_bench import create

    with pytest.raises(InvalidArgumentError, match="a file of nats-sss, not of nats-tss"):
        create("NATS-sss-v1_0-50262-simple", "tss", verbose=False)


def test_a_store_without_the_benchmark_is_named(clean, tmp_path):
    row = {"arch": 0, "dataset": "cifar10", "split": "test", "schedule": 9, "budget": 9, "seed": 1}
    frame = pl.DataFrame([row | {"metric": "accuracy", "value": 1.5}])
    nbf.write_results(frame, tmp_path, benchmark="mine")
    nbf.compat.install(tmp_path)
    from nats_bench import create

    with pytest.raises(InvalidArgumentError, match="nbframes export FILE"):
        create(None, "tss", verbose=False)


SCRIPT = """
import sys
import nats_bench
from nats_bench.api_utils import time_string
assert __name__ == "__main__"
api = nats_bench.create(None, "sss", fast_mode=True, verbose=False)
print(sys.argv[1:], nats_bench.__name__, api.get_more_info(2, "cifar10", hp="90", is_random=False)["test-accuracy"])
"""


def _run(*arguments, **environment):
    command = [sys.executable, "-m", "nbframes.compat", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)


def test_a_script_a_module_and_a_notebook_run_without_an_edit(store, tmp_path):
    api = nbf.compat.nats_bench.create(store, "sss", verbose=False)
    value = api.get_more_info(2, "cifar10", hp="90", is_random=False)["test-accuracy"]
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    assert (
        _run("--store", store.root, script, "a", "--b").stdout == f"['a', '--b'] nbframes.compat.nats_bench {value}\n"
    )
    assert _run(script, NBFRAMES_STORE=store.root).stdout == f"[] nbframes.compat.nats_bench {value}\n"
    module = _run(
        "-m", "script", "x", NBFRAMES_STORE=store.root, PYTHONPATH=f"{os.environ.get('PYTHONPATH', '')}:{tmp_path}"
    )
    assert module.stdout == f"['x'] nbframes.compat.nats_bench {value}\n"
    cells = [{"cell_type": "markdown", "source": ["# no code"]}, *({"cell_type": "code", "source": [line + "\n"]} for line in SCRIPT.splitlines())]  # fmt: skip
    notebook = tmp_path / "notebook.ipynb"
    notebook.write_text(json.dumps({"cells": cells}))
    assert _run("--store", store.root, notebook).stdout == f"[] nbframes.compat.nats_bench {value}\n"


def test_the_command_s_mistakes_are_said_in_a_line(store, tmp_path):
    assert "name a script" in _run().stderr
    assert "there is no script" in _run("--store", store.root, tmp_path / "absent.py").stderr
    failed = _run("--store", tmp_path, "x.py")
    assert failed.returncode == 1
    assert "no nbframes store" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_modules_are_attributes_without_an_import():
    program = "import nbframes as nbf; print(*sorted(nbf.compat.__all__)); print(nbf.compat.naslib.Metric.HP, nbf.compat.nasbench)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Metric.HP" in done.stdout
    with pytest.raises(AttributeError, match="no attribute 'keras'"):
        nbf.compat.keras  # noqa: B018


def test_published_values_are_no_records_and_are_told_from_them(monkeypatch):
    published = nbf.published.store()
    for open_api in (
        lambda: nbf.compat.nats_bench.create(published, "tss", verbose=False),
        lambda: nbf.compat.nats_bench.create(published, "sss", verbose=False),
        lambda: nbf.compat.nas_201_api.NASBench201API(published, verbose=False),
        lambda: nbf.compat.nasbenchapi.NASBench301(published, verbose=False),
    ):
        with pytest.raises(StoreError, match=r"has some values of n(.|\n)*nbframes export FILE"):
            open_api()
    api = nbf.compat.naslib.get_dataset_api("nasbench201", store=published)
    arch = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    found = nbf.compat.naslib.query(arch, "VAL_ACCURACY", "cifar100", dataset_api=api)
    assert found == pytest.approx(70.70666666259766)  # the official notebook find-largest
