"""Opening, downloading and describing, beside upstream's."""

from __future__ import annotations

import importlib
import pickle
import random
import re
import warnings

import pytest

import nbframes as nbf
from nbframes.compat import nasbenchapi
from nbframes.compat.nasbenchapi import cli as our_cli
from nbframes.compat.nasbenchapi import download as our_download
from nbframes.errors import InvalidArgumentError, SourceError, StoreError, UnknownNameError


@pytest.mark.parametrize("number", ["101", "nb101", 201, "nb201", "301"])
@pytest.mark.parametrize("dataset", [None, "cifar10", "cifar100", "ImageNet16-120", "mnist"])
def test_datasets_are_described_as_upstream_does(upstream, number, dataset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # upstream reads its file by a deprecated function
        try:
            expected = upstream.get_dataset_info(number, dataset)
        except ValueError:
            with pytest.raises(InvalidArgumentError):
                nasbenchapi.get_dataset_info(number, dataset)
            return
    found = nasbenchapi.get_dataset_info(number, dataset)
    assert vars(found) == vars(expected)
    assert type(found.input_shape) is type(expected.input_shape)


def test_an_unknown_benchmark_is_a_value_error_as_upstream(upstream):
    for package in (upstream, nasbenchapi):
        with pytest.raises(ValueError):
            package.load_benchmark("401")
    with pytest.raises(UnknownNameError, match="unknown benchmark 'nb401'; did you mean"):
        nasbenchapi.get_dataset_info("401")


def test_every_public_name_and_method_of_upstream_is_here(upstream):
    assert set(upstream.__all__) <= set(nasbenchapi.__all__)
    for number, kind in upstream.BENCHMARKS.items():
        ours = nasbenchapi.BENCHMARKS[number]
        assert {name for name in dir(kind) if not name.startswith("_")} <= set(dir(ours))


def test_every_public_method_of_upstreams_inner_objects_is_here(nb301):
    inner = {name for name in dir(nb301.theirs.api) if not name.startswith("_")} - {"data"}
    assert inner <= set(dir(nb301.ours.api))
    assert nb301.ours.dataset_info("cifar100").num_classes == 100
    nb301.ours.set_seed(5)
    state = random.getstate()
    nb301.theirs.set_seed(5)
    assert random.getstate() == state


def test_a_benchmark_opens_by_path_by_store_and_by_default(nb301, monkeypatch, capsys):
    store = nbf.open_store(nb301.store)
    monkeypatch.setenv("NBFRAMES_STORE", str(nb301.store))
    count = len(list(nb301.ours.iter_all()))
    for given in (nb301.store, str(nb301.store), store, None):
        for opened in (nasbenchapi.load_benchmark, lambda number, path: nasbenchapi.NASBench301.load(path)):
            assert len(list(opened(301, given).iter_all())) == count
            assert "[NB301] Opened" in capsys.readouterr().out
    nasbenchapi.NASBench301(nb301.store, verbose=False)
    assert not capsys.readouterr().out


def test_a_pickle_is_refused_with_the_way_to_export_it(nb301):
    with pytest.raises(SourceError, match=r"is not a store(.|\n)*nbframes.export"):
        nasbenchapi.NASBench301(nb301.path)


def test_a_store_without_the_benchmark_says_what_it_has(nb301, tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown benchmark of the store .* 'nb201'"):
        nasbenchapi.NASBench201(nb301.store)
    with pytest.raises(StoreError):
        nasbenchapi.NASBench201(tmp_path / "absent")


def test_a_benchmark_that_is_missing_is_downloaded_and_exported_once(nb301, monkeypatch, tmp_path):
    asked = []

    def download(name, **options):
        asked.append((name, options["variant"]))
        return nb301.path

    monkeypatch.setattr("nbframes.downloads.download", download)
    for _ in range(2):
        api = nasbenchapi.load_benchmark("301", tmp_path / "store", download=True, verbose=False)
        assert api.query(0, split="test") == nb301.theirs.query(0, split="test")
    assert asked == [("nb301", "pickle")]


@pytest.fixture(scope="module")
def upstream_cli(upstream):
    return importlib.import_module("nasbenchapi.cli")


@pytest.fixture(scope="module")
def upstream_download(upstream):
    return importlib.import_module("nasbenchapi.download")


@pytest.fixture
def downloads(upstream_download, monkeypatch):
    """What either package would have fetched, as (benchmark, file)."""
    asked = []

    def ours(name, *, variant, to):
        asked.append((name.removeprefix("nb"), variant, to))
        path = to / "official-name.pkl"
        path.write_text(name)
        return path

    def theirs(url, destination):
        number = re.search(r"nasbench(\d+)", url.rsplit("/", 1)[1])[1]
        asked.append((number, "pickle", destination.parent))
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.write_text(f"nb{number}")

    monkeypatch.setattr("nbframes.downloads.download", ours)
    monkeypatch.setattr("nasbenchapi.download._download", theirs)
    for name in upstream_download.ENV_VARS.values():
        monkeypatch.delenv(name, raising=False)
    return asked


@pytest.mark.parametrize("output", [None, "folder", "folder/file.pkl", "new.d/x"])
@pytest.mark.parametrize("environment", [None, "elsewhere", "elsewhere/file.pkl"])
def test_pickles_are_downloaded_to_the_same_places(
    downloads, upstream_download, output, environment, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    if environment:
        monkeypatch.setenv("NASBENCH201_PATH", environment)
    found = []
    for module in (upstream_download, our_download):
        downloads.clear()
        first = module.download_benchmark(201, output)
        assert first.read_text() == "nb201"
        again = module.download_benchmark("201", output), module.download_benchmark("201", output, force=True)
        found.append((first, again, module.resolve_download_path("201", output), list(downloads)))
        first.unlink()
        with pytest.raises(ValueError, match="401"):
            module.resolve_download_path("401")
    assert found[0] == found[1]
    assert our_download.ENV_VARS == upstream_download.ENV_VARS


@pytest.mark.parametrize(
    ("arguments", "answers"),
    [
        ([], ["101", "y"]),
        ([], ["401"]),
        (["--benchmark", "301"], ["no"]),
        (["--benchmark", "201", "--output", "x/y.pkl"], [" YES "]),
        (["--benchmark", "401"], []),
    ],
)
def test_the_command_line_asks_and_answers_as_upstream(
    downloads, upstream_cli, arguments, answers, monkeypatch, tmp_path, capsys
):
    monkeypatch.chdir(tmp_path)
    seen = []
    for module in (upstream_cli, our_cli):
        downloads.clear()
        given = iter(answers)
        monkeypatch.setattr("builtins.input", lambda question, given=given: print(question) or next(given))
        try:
            code = module.main(arguments)
        except SystemExit as stopped:
            code = stopped.code
        printed = capsys.readouterr().out.partition("Export it once")[0]
        seen.append((code, printed, list(downloads)))
    assert seen[0] == seen[1]


def test_a_download_that_fails_is_said_as_upstream_says_it(downloads, monkeypatch, tmp_path, capsys):
    def fail(*_, **__):
        msg = "no network"
        raise SourceError(msg)

    monkeypatch.setattr("nbframes.downloads.download", fail)
    monkeypatch.setattr("builtins.input", lambda _: "y")
    with pytest.raises(SystemExit) as stopped:
        our_cli.main(["--benchmark", "101", "--output", str(tmp_path / "x.pkl")])
    assert stopped.value.code == 1
    assert "Download failed: no network" in capsys.readouterr().out


ODD = [None, [], {}, set(), [[0, 1], [0, 0]], {"a": 1}, 3.5, b"x", object]


@pytest.mark.parametrize("arch", ODD)
def test_what_is_no_entry_is_not_found(nb301, arch):
    assert nb301.ours.query(arch) == nb301.theirs.query(arch)
    assert nb301.ours.exists(arch=arch) == nb301.theirs.exists(arch=arch)


@pytest.mark.parametrize("arch", ODD)
def test_what_is_no_architecture_string_is_not_found(nb201, arch):
    assert nb201.ours.query(arch) == nb201.theirs.query(arch)
    assert nb201.ours.exists(arch=arch) == nb201.theirs.exists(arch=arch)


def test_architectures_survive_pickling():
    arch = nasbenchapi.Arch101([[0, 1], [0, 0]], ["input", "output"])
    assert pickle.loads(pickle.dumps(arch)) == arch
