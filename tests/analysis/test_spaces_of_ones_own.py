"""Helpers that need a search space, on a space that is not one of the package's: NAS-Bench-Macro, with its real values."""

from __future__ import annotations

import json
from itertools import product

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.spaces import GridSpace

MACRO = GridSpace(
    "NAS-Bench-Macro network", positions={f"layer_{k}": ("0", "1", "2") for k in range(1, 9)}, template="{}" * 8
)


@pytest.fixture(scope="module")
def values(knowledge):
    """Mean test accuracy (percent) by string."""
    table = json.loads(knowledge("nas-bench-macro_cifar10.json").read_bytes())
    return {text: entry["mean_acc"] for text, entry in table.items()}


@pytest.fixture(scope="module")
def archs():
    return MACRO.enumerate().select("arch", "arch_str")


@pytest.fixture(scope="module")
def results(archs, values):
    return archs.select("arch", value=pl.col("arch_str").replace_strict(values))


def test_all_pairs_one_edit_apart_are_found(archs):
    pairs = nbf.analysis.neighbour_pairs(archs, space=MACRO)
    assert pairs.height == 6561 * 16
    texts = archs["arch_str"]
    for one, other in pairs.sample(500, seed=0).iter_rows():
        assert sum(a != b for a, b in zip(texts[one], texts[other], strict=True)) == 1


def test_effects_of_choices_are_those_of_a_loop(archs, results, values):
    effects = nbf.operation_effects(results, archs, space=MACRO, positions=True)
    row = effects.filter(pl.col("position") == "layer_3", pl.col("operation") == "0", pl.col("replacement") == "2")
    changes = [
        values[f"{a}{b}2{c}"] - values[f"{a}{b}0{c}"]
        for a, b, c in product("012", "012", map("".join, product("012", repeat=5)))
    ]
    assert row["n"].item() == len(changes) == 3**7
    assert row["mean"].item() == pytest.approx(sum(changes) / len(changes), abs=1e-9)


def test_local_optima_are_those_of_a_loop(archs, results, values):
    optima = nbf.local_optima(results, archs, space=MACRO)
    best = [text for text in values if all(values[other] < values[text] for other in MACRO.neighbours(text))]
    assert set(archs["arch_str"].gather(optima["arch"])) >= set(best)
    assert max(values, key=values.__getitem__) in best


def test_a_name_finds_the_space_and_a_wrong_one_is_refused(archs):
    few = archs.head(5)
    with pytest.raises(UnknownNameError, match="unknown search space 'macro'"):
        nbf.analysis.neighbour_pairs(few, space="macro")
    with pytest.raises(InvalidArgumentError, match="not a search space"):
        nbf.analysis.neighbour_pairs(few, space="nbframes.schema:ARCHS")
    with pytest.raises(InvalidArgumentError, match="name it with space="):
        nbf.analysis.neighbour_pairs(few)
