"""Parameter counts of the DARTS space against the published count of a real run."""

from __future__ import annotations

import json

import polars as pl
import pytest

from nbframes.errors import InvalidArgumentError
from nbframes.spaces import darts


def test_count_is_that_of_a_real_run(data):
    run = json.loads((data / "nb301" / "results_0.json").read_text())
    config = run["optimized_hyperparamater_config"]
    prefix = "NetworkSelectorDatasetInfo:darts:"
    size = {name: config[prefix + name] for name in ("layers", "init_channels")}
    genotype = darts.from_config(config)
    assert darts.params(genotype, **size) == run["info"][0]["model_parameters"]
    assert darts.params(pl.Series([darts.format(genotype)]), **size).to_list() == [run["info"][0]["model_parameters"]]


def test_a_column_counts_each_of_its_architectures():
    column = darts.sample(50, seed=0)["arch_str"]
    assert darts.params(column).to_list() == [darts.params(text) for text in column]


def test_the_auxiliary_classifier_does_not_depend_on_the_cells():
    column = darts.sample(20, seed=1)["arch_str"]
    assert (darts.params(column) - darts.params(column, auxiliary=False)).n_unique() == 1


@pytest.mark.parametrize("size", [{"layers": 0}, {"init_channels": 0}])
def test_a_network_of_nothing_is_refused(size):
    with pytest.raises(InvalidArgumentError, match="at least one"):
        darts.params(darts.sample(1, seed=0)["arch_str"], **size)
