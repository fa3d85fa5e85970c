"""The frame of the explorer against plain Polars, and what it says of itself."""

from __future__ import annotations

import sys

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes import spaces
from nbframes.analysis import neighbour_pairs
from nbframes.errors import FrameError, InvalidArgumentError, MissingDependencyError, UnknownNameError
from nbframes.report.explorer.pictures import pictures
from nbframes.report.explorer.views import density


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


def test_a_page_is_told_every_architecture(tss, told):
    document = told(tss)
    rows = document["rows"]
    assert rows["arch"] == tss.frame["arch"].to_list()
    assert rows["data"]["value"] == tss.frame["value"].to_list()
    assert rows["names"] == tss.frame["arch_str"].to_list()
    assert not document["sampled"]
    assert not document["synthetic"]
    op = rows["data"]["op_0_1"]
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


def test_a_large_space_is_a_density_and_a_named_sample(large, told):
    document = told(large)
    assert document["sampled"]
    assert document["total"] == large.frame.height == 60_000
    places = large.frame.with_row_index("row").sample(2_000, seed=5)["row"].sort()
    assert document["rows"]["arch"] == large.frame["arch"][places].to_list()
    assert sum(tile["n"] for tile in document["densities"]["x"]) == 60_000


def test_neighbours_among_those_of_a_page_are_told(large, told):
    document, space = told(large), nbf.spaces.nb101
    near = document["neighbours"]
    pairs = neighbour_pairs(large.frame.select("arch", "arch_str"), space="nb101")
    of = dict(pairs.group_by("arch").agg("neighbour").iter_rows())
    archs = document["rows"]["arch"]
    texts, values = (dict(large.frame.select("arch", name).iter_rows()) for name in ("arch_str", "value"))
    on_page = 0
    for place in range(0, 2_000, 100):
        text = document["rows"]["names"][place]
        hashes = set(space.hash(pl.Series(space.neighbours(text)))) - {space.hash(text)}
        assert near["possible"][place] == len(hashes)
        forth = {arch for arch in of[archs[place]] if space.hash(texts[arch]) in hashes}
        assert near["there"][place] == len(forth)
        assert near["better"][place] == sum(values[arch] > values[archs[place]] for arch in forth)
        assert {archs[row] for row in near["rows"][place]} == forth & set(archs)
        on_page += len(near["rows"][place])
    assert on_page


def test_a_widget_leaves_to_the_kernel_what_is_asked_for_one_by_one(large, told):
    document = told(large, alone=False)
    assert document["pictures"] is None
    assert document["neighbours"] == {"rows": []}


def test_synthetic_values_say_so(told):
    document = told(nbf.explore(nbf.synthetic.store(), "nats-tss", progress=False))
    assert document["synthetic"]
    assert document["facts"][0].startswith("SYNTHETIC")
    assert document["curves"]["budgets"]


def test_views_are_of_columns_that_vary(published):
    explorer = nbf.explore(published, "nb301", progress=False)
    assert explorer.frame["normal_0_input"].n_unique() == 1
    assert explorer._axes.x == "rank"
    assert explorer._axes.x2 in nbf.spaces.darts.ENCODING
    assert explorer.frame[explorer._axes.x2].n_unique() > 1


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
    from nbframes.report.explorer.page import _libraries

    _libraries.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    explorer = nbf.explore(nbf.synthetic.store(), "nats-sss", progress=False)
    with pytest.raises(MissingDependencyError, match=rf"'{package}'.*nbframes\[explorer\]"):
        explorer.save(tmp_path / "page.html")
