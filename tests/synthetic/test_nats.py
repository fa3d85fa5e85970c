"""Synthetic NATS-Bench: upstream's layout to the last key and type, and numbers that behave like real ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

from nbframes import synthetic
from nbframes.errors import UnknownNameError
from nbframes.spaces import sss, tss
from nbframes.synthetic import nats
from tests import published_tables
from tests.synthetic.conftest import final, layout, load, records

stats = pytest.importorskip("scipy.stats")


def test_everything_is_labelled_synthetic(sources):
    assert all("synthetic" in path.name for path in sources.values())
    notes = {path.parent / "SYNTHETIC-SAMPLE.txt" for path in sources.values()}
    assert all("SYNTHETIC" in note.read_text() for note in notes)


def test_topology_records_have_the_layout_of_real_ones(data, topology):
    real = load(data / "nats" / "NATS-tss-v1_0-3ffb9-simple" / "000284.pickle.pbz2")
    whole = [record for record in topology if len(record["200"]["all_results"]) == 12]
    assert whole
    assert all(layout(record) == layout(real) for record in whole)


def test_size_records_have_the_layout_of_real_ones(data, size):
    real = load(data / "nats" / "NATS-sss-v1_0-50262-simple" / "000284.pickle.pbz2")
    assert all(layout(record) == layout(real) for record in size)


@pytest.mark.parametrize("space", ["tss", "sss"])
def test_constant_fields_are_those_of_real_records(data, sources, space):
    folder = next((data / "nats").glob(f"NATS-{space}-*-simple"))
    real, made = load(folder / "000000.pickle.pbz2"), load(sources[f"nats-{space}"] / "000000.pickle.pbz2")
    for schedule, state in real.items():
        for key, expected in state["all_results"].items():
            result = made[schedule]["all_results"].get(key, expected)
            for name in ("name", "seed", "epochs", "eval_names", "net_state_dict"):
                assert expected[name] == result[name]
            assert list(expected["arch_config"]) == list(result["arch_config"])
            assert expected["arch_config"]["class_num"] == result["arch_config"]["class_num"]


@pytest.mark.parametrize("space", [tss, sss])
def test_meta_lists_the_records(sources, space):
    folder = sources["nats-tss" if space is tss else "nats-sss"]
    real_keys = ["meta_archs", "total_archs", "arch2infos", "evaluated_indexes"]
    meta = load(folder / "meta.pickle.pbz2")
    assert real_keys == list(meta)
    assert meta["total_archs"] == len(meta["meta_archs"]) == len(set(meta["meta_archs"]))
    assert space.is_valid(pl.Series(meta["meta_archs"])).all()
    for index, record in enumerate(records(folder)):
        for state in record.values():
            assert (state["arch_index"], state["arch_str"]) == (index, meta["meta_archs"][index])


def test_seeds_write_the_bytes(sources, tmp_path):
    same, other = (synthetic.write(tmp_path / str(seed), "nats-sss", seed=seed)["nats-sss"] for seed in (0, 1))
    for path in sources["nats-sss"].iterdir():
        assert path.read_bytes() == (same / path.name).read_bytes()
        assert path.read_bytes() != (other / path.name).read_bytes()


@pytest.mark.parametrize("space", ["tss", "sss"])
def test_upstream_reads_it(sources, space):
    nats_bench = pytest.importorskip("nats_bench")
    api = nats_bench.create(str(sources[f"nats-{space}"]), space, fast_mode=True, verbose=False)
    record = load(sources[f"nats-{space}"] / "000007.pickle.pbz2")
    hp = "12"
    info = api.get_more_info(7, "cifar100", hp=hp, is_random=False)
    expected = list(final(record, hp, "cifar100", "x-test").values())
    assert info["test-accuracy"] == pytest.approx(np.mean(expected), rel=1e-12)


def test_accuracies_are_counts_of_images(topology):
    for state in topology[5].values():
        for (name, _), result in state["all_results"].items():
            for key, value in result["eval_acc1es"].items():
                images = nats.DATASETS[name].sets[key.split("@")[0]]
                assert value / 100 * images == pytest.approx(round(value / 100 * images), abs=1e-6)


def test_a_divided_set_counts_what_its_parts_count(topology):
    for record in topology[:20]:
        valid, test, whole = (final(record, "200", "cifar100", name) for name in ("x-valid", "x-test", "ori-test"))
        assert all(whole[seed] == pytest.approx((valid[seed] + test[seed]) / 2) for seed in whole)


def test_about_half_of_the_architectures_miss_a_run(topology):
    runs = Counter(tuple(sorted(final(record, "200", "cifar10", "ori-test"))) for record in topology)
    assert set(runs) == {(777, 888, 999), (777, 888), (777, 999)}
    assert 0.35 < runs[777, 888, 999] / len(topology) < 0.65
    assert runs[777, 888] > runs[777, 999]


def test_cells_without_a_way_through_guess(topology):
    cut = [record for record in topology if not tss.is_connected(record["200"]["arch_str"])]
    assert cut
    for record in cut:
        assert set(final(record, "200", "cifar10", "ori-test").values()) == {10.0}
        assert set(final(record, "200", "cifar100", "ori-test").values()) == {1.0}


def test_costs_are_those_of_the_structure(size):
    for record in size[:10]:
        for (name, _), result in record["90"]["all_results"].items():
            assert round(result["params"] * 1e6) == sss.params(record["90"]["arch_str"], dataset=name)
            assert result["flop"] == sss.mflops(record["90"]["arch_str"], dataset=name)


def test_losses_follow_accuracies(topology):
    result = topology[3]["200"]["all_results"]["cifar10", 777]
    accuracy, loss = (list(result[key].values()) for key in ("eval_acc1es", "eval_losses"))
    assert stats.spearmanr(accuracy, loss).statistic < -0.95


def test_a_short_schedule_foretells_a_long_one_imperfectly(topology):
    short, long = (
        [np.mean(list(final(record, schedule, "cifar10-valid", "x-valid").values())) for record in topology]
        for schedule in ("12", "200")
    )
    assert 0.7 < stats.spearmanr(short, long).statistic < 0.98
    assert np.mean(np.array(short) < long) > 0.9


def test_many_architectures_have_a_neighbour(topology):
    strings = {record["12"]["arch_str"] for record in topology}
    accompanied = [text for text in strings if strings & set(tss.neighbours(text))]
    assert len(accompanied) > len(strings) / 2


@pytest.mark.parametrize(
    ("space", "quality", "least"), [(tss, nats.quality_tss, 0.75), (sss, nats.quality_sss, 0.85)], ids=["tss", "sss"]
)
def test_better_architectures_are_those_that_really_are(space, quality, least):
    """Rank correlation with the published accuracies of the whole space."""
    measured = (
        published_tables.measured()
        .lazy()
        .filter(
            pl.col("benchmark") == ("nats-tss" if space is tss else "nats-sss"),
            pl.col("metric") == "accuracy",
            pl.col("schedule").is_in([90, 200]),
        )
        .group_by("dataset", "arch")
        .agg(pl.col("value").mean())
        .collect()
    )
    made = space.enumerate().select("arch", quality=quality(space.enumerate()["arch_str"]))
    for dataset in measured["dataset"].unique():
        both = measured.filter(pl.col("dataset") == dataset).join(made.drop_nulls(), on="arch")
        assert stats.spearmanr(both["value"], both["quality"]).statistic > least


def test_an_unknown_benchmark_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'nats-tss'"):
        synthetic.write(tmp_path / "nothing", "nats-ts")
    assert not (tmp_path / "nothing").exists()
