"""The frame of the explorer against plain Polars, and what it says of itself."""

from __future__ import annotations

import gzip
import sys

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes import spaces
from nbframes.errors import FrameError, InvalidArgumentError, MissingDependencyError, UnknownNameError
from nbframes.explorer.pictures import pictures
from nbframes.explorer.views import density


@pytest.fixture(scope="module")
def published():
    return nbf.published.store()


def _plain(store, benchmark, dataset, split):
    rows = store.scan(benchmark).filter(
        pl.col("metric").cast(pl.String) == "accuracy",
        pl.col("dataset").cast(pl.String) == dataset,
        pl.col("split").cast(pl.String) == split,
        schedule=200,
        budget=200,
    )
    return rows.group_by("arch").agg(pl.col("value").mean()).sort("arch").collect()


def test_values_are_means_over_seeds(tss, published):
    got = tss.frame.sort("arch")
    assert got.height == 15_625
    plain = _plain(published, "nats-tss", "cifar100", "val")
    assert_frame_equal(got.select("arch", "value"), plain, abs_tol=1e-9)
    other = _plain(published, "nats-tss", "ImageNet16-120", "valtest")
    assert_frame_equal(got.select("arch", value="ImageNet16-120_valtest"), other, abs_tol=1e-9)
    own = _plain(published, "nats-tss", "cifar10-valid", "val")
    assert_frame_equal(got.select("arch", value="cifar10_val"), own, abs_tol=1e-9)


def test_costs_and_strings_are_those_of_the_architecture(tss, published):
    runs = published.scan_runs("nats-tss").filter(pl.col("dataset").cast(pl.String) == "cifar100", schedule=200)
    params = runs.group_by("arch").agg(pl.col("params").cast(pl.Float64).mean()).sort("arch").collect()
    assert_frame_equal(tss.frame.select("arch", "params").sort("arch"), params)
    texts = published.scan_archs("nats-tss").select("arch", "arch_str").sort("arch").collect()
    assert_frame_equal(tss.frame.select("arch", "arch_str").sort("arch"), texts)


def test_every_expression_makes_its_column(tss, published):
    for column in tss._table.columns:
        scope = {"store": published, "nbf": nbf, "pl": pl}
        exec(tss._table.column("value").expression, scope)
        if column.expression != tss._table.column("value").expression:
            exec(column.expression, scope)
        made = scope["frame"].select("arch", column.name).sort("arch")
        assert_frame_equal(made, tss.frame.select("arch", column.name).sort("arch"), abs_tol=1e-9)


def test_a_page_is_told_every_architecture(tss):
    told = orjson.loads(gzip.decompress(tss._packed))
    assert told["arch"] == tss.frame["arch"].to_list()
    assert told["data"]["value"] == tss.frame["value"].to_list()
    assert told["names"] == tss.frame["arch_str"].to_list()
    assert not told["sampled"]
    assert not told["synthetic"]
    op = told["data"]["op_0_1"]
    assert [op["categories"][code] for code in op["codes"]] == tss.frame["op_0_1"].cast(pl.String).to_list()


@pytest.mark.parametrize("space", [spaces.tss, spaces.sss, spaces.nb101, spaces.darts])
def test_pictures_are_what_the_space_draws(space):
    archs = space.sample(6, seed=1)["arch_str"].to_list()
    packed = pictures(space, archs, total=6, progress=False)
    for arch, row in zip(archs, packed["rows"], strict=True):
        drawn = str(space.draw(arch))
        start, end = drawn.index("<title>"), drawn.index("</title>") + len("</title>")
        assert "".join("<" + packed["elements"][piece] for piece in row) == drawn[:start] + drawn[end:]


@pytest.mark.parametrize("space", [spaces.tss, spaces.sss])
def test_neighbours_of_grids_differ_in_one_choice(space):
    """The page finds neighbours so."""
    arch = space.sample(1, seed=3)["arch_str"].item()
    codes = space.codes.encode(pl.Series(space.neighbours(arch)))
    assert ((codes != space.codes.encode(arch)).sum(axis=1) == 1).all()
    assert len(codes) == sum(size - 1 for size in space.codes.sizes)


def test_densities_count_every_architecture(tss):
    tiles = density(tss.frame, "params", "value")
    assert sum(tile["n"] for tile in tiles) == tss.frame.height
    fullest = max(tiles, key=lambda tile: tile["n"])
    inside = tss.frame.filter(
        pl.col("params").is_between(fullest["x"], fullest["x2"], closed="left"),
        pl.col("value").is_between(fullest["y"], fullest["y2"], closed="left"),
    )
    assert inside.height == fullest["n"]


def test_a_large_space_is_a_density_and_a_named_sample(large):
    told = orjson.loads(gzip.decompress(large._packed))
    assert told["sampled"]
    assert large.frame.height == 60_000
    assert told["arch"] == sorted(large.frame.sample(2_000, seed=5)["arch"], key=large.frame["arch"].to_list().index)
    assert any("sample of 2,000, frame.sample(2000, seed=5)" in fact for fact in told["facts"])
    tiles = told["spec"]["vconcat"][0]["hconcat"][0]["layer"][0]["data"]["values"]
    assert sum(tile["n"] for tile in tiles) == 60_000


def test_synthetic_values_say_so():
    explorer = nbf.explore(nbf.synthetic.store(), "nats-tss", progress=False)
    told = orjson.loads(gzip.decompress(explorer._packed))
    assert told["synthetic"]
    assert told["facts"][0].startswith("SYNTHETIC")
    assert told["curves"]["budgets"]


def test_wrong_calls(published):
    with pytest.raises(UnknownNameError, match="did you mean 'params'"):
        nbf.explore(published, "nats-tss", x="parms")
    with pytest.raises(FrameError, match="categories"):
        nbf.explore(published, "nats-tss", x="op_0_1")
    with pytest.raises(InvalidArgumentError, match="sample"):
        nbf.explore(published, "nats-tss", sample=0)
    with pytest.raises(InvalidArgumentError, match="no folder"):
        nbf.explore(nbf.synthetic.store(), "nats-sss", progress=False).save("no/such/folder.html")


@pytest.mark.parametrize(("module", "package"), [("altair", "altair"), ("vl_convert", "vl-convert-python")])
def test_a_missing_package_is_named(monkeypatch, tmp_path, module, package):
    from nbframes.explorer.page import _libraries

    _libraries.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    explorer = nbf.explore(nbf.synthetic.store(), "nats-sss", progress=False)
    with pytest.raises(MissingDependencyError, match=rf"'{package}'.*nbframes\[explorer\]"):
        explorer.save(tmp_path / "page.html")
