"""Opening, downloading and describing, beside upstream's."""

from __future__ import annotations

import pickle
import random
import warnings

import pytest

import nbframes as nbf
from nbframes.compat import nasbenchapi
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


def test_the_pickles_of_upstream_can_be_downloaded(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("nbframes.downloads.download", lambda name, **options: asked.append((name, options)))
    nasbenchapi.download_benchmark(201, tmp_path)
    assert asked == [("nb201", {"variant": "pickle", "to": tmp_path})]


def test_architectures_survive_pickling():
    arch = nasbenchapi.Arch101([[0, 1], [0, 0]], ["input", "output"])
    assert pickle.loads(pickle.dumps(arch)) == arch
