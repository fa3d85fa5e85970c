"""The ONNX surrogate: its encoding against real accuracies, its answers against onnxruntime alone, row by row."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, MissingDependencyError, SourceError
from nbframes.schema import RESULTS
from nbframes.spaces import darts

onnxruntime = pytest.importorskip("onnxruntime")
stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="session")
def folder(data):
    return data / "nb301/surrogate"


@pytest.fixture(scope="session")
def surrogate(folder):
    return nbf.surrogate.load(folder)


@pytest.fixture(scope="session")
def cells() -> pl.Series:
    return darts.sample(40, seed=5)["arch_str"]


def test_it_ranks_real_architectures(surrogate, published) -> None:
    """A wrong encoding or order of inputs ranks markedly worse: the alphabetical order gives 0.71."""
    predicted = surrogate.predict(published["arch_str"]).filter(metric="accuracy")["value"]
    rho = stats.spearmanr(predicted, published["value"]).statistic
    assert 0.83 < rho < 0.84
    assert 1.3 < (predicted - published["value"]).mean() < 1.6  # its published bias
    reversed_cells = published["arch_str"].str.replace(r"^(.*)\|(.*)$", "$2|$1")
    swapped = surrogate.predict(reversed_cells).filter(metric="accuracy")["value"]
    assert stats.spearmanr(swapped, published["value"]).statistic < 0.6


def test_answers_are_those_of_onnxruntime_row_by_row(surrogate, folder, cells) -> None:
    """The model file as it is takes one row; the settings are encoded here by hand."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(folder / "new_model.onnx"), options)
    encoding = json.loads((folder / "encoding.json").read_text())
    order = [f"edge_{cell}_{k}" for cell in ("normal", "reduce") for k in range(14)]
    order += [f"inputs_node_{cell}_{k}" for cell in ("normal", "reduce") for k in (3, 4, 5)]
    got = surrogate.predict(cells, budgets=[1, 98])
    for arch, text in enumerate(cells):
        config = darts.to_config(text)
        row = []
        for name in order:
            codes = encoding[f"NetworkSelectorDatasetInfo_COLON_darts_COLON_{name}"]
            row.append(codes[config.get(f"NetworkSelectorDatasetInfo:darts:{name}", "#na#")])
        for budget in (1, 98):
            feed = {"x_cat": np.array([row], np.int32), "x_cont": np.array([[budget]], np.float32)}
            ((accuracy, time),) = session.run(None, feed)[0]
            answer = got.filter(arch=arch, budget=budget)
            np.testing.assert_allclose(answer.filter(metric="accuracy", split="val")["value"], accuracy, rtol=1e-5)
            np.testing.assert_allclose(answer.filter(metric="time", split="train")["value"], time, rtol=1e-5)


def test_the_answer_is_in_long_format(surrogate, cells) -> None:
    frame = surrogate.predict(cells, budgets=[98, 12])
    assert dict(frame.schema) == RESULTS
    assert frame.height == 2 * 2 * len(cells)
    assert frame.select("benchmark", "dataset", "schedule", "seed").unique().rows() == [
        ("nb301-surrogate", "cifar10", 100, 0)
    ]
    assert frame.filter("final")["budget"].unique().to_list() == [98]
    assert frame.filter(~pl.col("final"))["budget"].unique().to_list() == [12]
    assert frame.filter(metric="accuracy").select("arch", "budget").rows() == [
        (a, b) for a in range(40) for b in (12, 98)
    ]
    assert frame.filter(metric="accuracy")["value"].is_between(0, 100).all()


def test_every_form_of_architecture_gives_the_same_answer(surrogate, cells) -> None:
    expected = surrogate.predict(cells)
    assert_frame_equal(surrogate.predict(darts.parse(cells)), expected)
    one = surrogate.predict(cells[7])
    assert_frame_equal(one.drop("arch"), expected.filter(arch=7).drop("arch"))
    assert_frame_equal(surrogate.predict(darts.parse(cells[7])), one)
    numbered = nbf.surrogate.archs(cells)[20:]
    assert_frame_equal(
        surrogate.predict(numbered), expected.filter(pl.col("arch") >= 20), check_exact=False, rel_tol=1e-6
    )


def test_batches_are_the_whole_in_pieces(surrogate, cells) -> None:
    whole = surrogate.predict(cells).sort("metric", "arch")
    for source in (cells, (cells[k : k + 13] for k in range(0, 40, 13))):
        parts = list(surrogate.predict_batches(source, batch_size=7))
        assert max(part["arch"].n_unique() for part in parts) == 7
        assert_frame_equal(pl.concat(parts).sort("metric", "arch"), whole, check_exact=False, rel_tol=1e-6)


def test_predictions_stream_into_a_store(surrogate, cells, tmp_path) -> None:
    batches = surrogate.predict_batches(cells, range(90, 99), batch_size=16)
    nbf.write_results(batches, tmp_path, benchmark="nb301-surrogate", archs=nbf.surrogate.archs(cells))
    store = nbf.open_store(tmp_path)
    key = ["metric", "arch", "budget"]
    stored = store.scan("nb301-surrogate").collect().sort(key)
    expected = surrogate.predict(cells, range(90, 99)).sort(key)
    assert_frame_equal(stored.select(expected.columns), expected, check_exact=False, rel_tol=1e-6)
    archs = store.scan_archs("nb301-surrogate").sort("arch").collect()
    assert archs["arch_str"].to_list() == cells.to_list()
    assert archs["hash"].to_list() == darts.hash(cells).to_list()


@pytest.mark.parametrize("budgets", [0, 99, [12, 12], [], [98, 100]])
def test_budgets_it_cannot_answer_are_refused(surrogate, cells, budgets) -> None:
    with pytest.raises(InvalidArgumentError, match="budget"):
        surrogate.predict(cells, budgets)
    with pytest.raises(InvalidArgumentError, match="budget"):
        surrogate.predict_batches(cells, budgets)


def test_invalid_architectures_are_refused(surrogate, cells) -> None:
    with pytest.raises(InvalidArchitectureError, match="1 of 2"):
        surrogate.predict(pl.Series([cells[0], "nonsense"]))
    with pytest.raises(InvalidArgumentError, match="batch_size"):
        surrogate.predict_batches(cells, batch_size=0)


# --- loading ------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "surrogate", copy_function=shutil.copyfile)


def test_it_is_found_by_folder_or_by_file(surrogate, folder, cells) -> None:
    assert_frame_equal(nbf.surrogate.load(folder / "new_model.onnx").predict(cells), surrogate.predict(cells))
    assert list(surrogate.budgets) == list(range(1, 99))


def test_the_order_of_the_inputs_is_read_from_the_parameter_set(copy, surrogate, cells) -> None:
    text = (copy / "param_set.R").read_text()
    one, other = (f"NetworkSelectorDatasetInfo_COLON_darts_COLON_edge_normal_{k} = p_fct" for k in (0, 1))
    (copy / "param_set.R").write_text(text.replace(one, "@").replace(other, one).replace("@", other))
    swapped = nbf.surrogate.load(copy).predict(cells)
    assert not swapped["value"].equals(surrogate.predict(cells)["value"])


@pytest.mark.parametrize("file", ["new_model.onnx", "encoding.json", "param_set.R"])
def test_a_missing_or_foreign_file_is_named(copy, file) -> None:
    (copy / file).write_bytes(b"{}")
    with pytest.raises(SourceError, match=file):
        nbf.surrogate.load(copy)
    (copy / file).unlink()
    with pytest.raises(SourceError, match=r"onnx|encoding\.json|param_set\.R"):
        nbf.surrogate.load(copy)


def test_truncated_models_and_models_of_another_width_are_refused(copy) -> None:
    model = (copy / "new_model.onnx").read_bytes()
    (copy / "new_model.onnx").write_bytes(model[: len(model) // 2])
    with pytest.raises(SourceError, match=r"new_model\.onnx"):
        nbf.surrogate.load(copy)
    widened = model.replace(b"\x08\x01\x0a\x02\x08\x22", b"\x08\x01\x0a\x02\x08\x21")
    assert widened != model
    (copy / "new_model.onnx").write_bytes(widened)
    with pytest.raises(SourceError, match="34 categorical inputs"):
        nbf.surrogate.load(copy)
    with pytest.raises(SourceError, match="not a folder"):
        nbf.surrogate.load(copy / "nothing")


def test_without_onnxruntime_the_message_says_what_to_install(folder, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match=r"nbframes\[surrogate\]"):
        nbf.surrogate.load(folder)
