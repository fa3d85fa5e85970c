"""The synthetic sample: upstream's layout to the last key and type, and numbers that behave like real ones."""

from __future__ import annotations

import base64
import bz2
import json
import os
import pickle
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes import synthetic
from nbframes.errors import UnknownNameError
from nbframes.spaces import darts, nb101, sss, tss
from nbframes.synthetic import nats
from nbframes.synthetic import nb101 as nb101_sample
from nbframes.synthetic import nb201 as nb201_sample
from nbframes.synthetic import nb301 as nb301_sample
from tests import published_tables

stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return synthetic.write(tmp_path_factory.mktemp("sample"))


def load(path):
    with bz2.open(path) as file:
        return pickle.load(file)


def records(folder):
    return [load(path) for path in sorted(folder.glob("0*.pickle.pbz2"))]


def layout(value):
    """Types and keys of nested containers, without what differs from architecture to architecture."""
    if isinstance(value, dict):
        return type(value), [(key, layout(item)) for key, item in value.items()]
    if isinstance(value, list):
        return type(value), [layout(item) for item in value]
    return type(value)


@pytest.fixture(scope="module")
def topology(sources):
    return records(sources["nats-tss"])


@pytest.fixture(scope="module")
def size(sources):
    return records(sources["nats-sss"])


def final(record, schedule, dataset, set_):
    """Accuracy of every run at its last epoch."""
    return {
        seed: result["eval_acc1es"][f"{set_}@{result['epochs'] - 1}"]
        for (name, seed), result in record[schedule]["all_results"].items()
        if name == dataset
    }


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


# --- NAS-Bench-101 ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(sources):
    """JSON rows of the TFRecord file, its frames and some checksums checked by the way."""
    content, rows = sources["nb101"].read_bytes(), []
    while content:
        (length,) = struct.unpack_from("<Q", content)
        payload = content[12 : 12 + length]
        assert masked_crc(content[:8]) == content[8:12]
        if len(rows) % 10 == 0:
            assert masked_crc(payload) == content[12 + length : 16 + length]
        rows.append(json.loads(payload))
        content = content[16 + length :]
    return rows


def masked_crc(content):
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def message(row):
    """Fixed layout of the protobuf message, read by position: upstream's field tags at upstream's places."""
    content = base64.b64decode(row[4], validate=True)
    evaluations = [struct.unpack_from("<BBBdBdBdBdBd", content, 47 * step) for step in range(3)]
    assert all(evaluation[:2] == (0x0A, 45) for evaluation in evaluations)
    assert all(evaluation[2::2] == (9, 17, 25, 33, 41) for evaluation in evaluations)
    assert (content[141], content[-9]) == (0x10, 0x19)
    params = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(content[142:-9]))
    return [evaluation[3::2] for evaluation in evaluations], params


def test_every_cell_has_three_runs_of_every_schedule(rows):
    assert set(Counter((row[0], row[1]) for row in rows).values()) == {3}
    assert {row[1] for row in rows} == {4, 12, 36, 108}
    assert [row[1] for row in rows[:12]] == [4] * 3 + [12] * 3 + [36] * 3 + [108] * 3


def test_cells_are_valid_pruned_and_hashed(rows):
    cells = pl.DataFrame({"hash": [row[0] for row in rows], "cell": ["|".join(row[2:4]) for row in rows]}).unique()
    assert cells["hash"].n_unique() == len(cells)
    assert nb101.is_valid(cells["cell"]).all()
    assert nb101.prune(cells["cell"]).to_list() == cells["cell"].to_list()
    assert nb101.hash(cells["cell"]).to_list() == cells["hash"].to_list()


def test_messages_hold_what_upstream_reads(rows):
    for row in rows[::25]:
        (untrained, halfway, end), params = message(row)
        assert params == nb101.params("|".join(row[2:4]))
        assert (untrained[0], halfway[0], end[0]) == (0, row[1] / 2, row[1])
        assert 0 < halfway[1] < end[1]
        for share in (*halfway[2:], *end[2:]):
            assert share == np.float32(round(share * 9984) / 9984)


def test_better_cells_are_those_that_really_are(data):
    """Rank correlation with the published accuracies of a few real cells."""
    real = json.loads((data / "nb101" / "nasbench_sample.json").read_text())
    real = [cell for cell in real if "108" in cell["metrics"]]
    texts = [nb101.format(nb101.Cell(cell["module_adjacency"], cell["module_operations"])) for cell in real]
    accuracy = [np.mean([run["final_validation_accuracy"] for run in cell["metrics"]["108"]]) for cell in real]
    assert stats.spearmanr(nb101_sample.quality(pl.Series(texts)), accuracy).statistic > 0.5


# --- NAS-Bench-201 ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def torch_file(tmp_path_factory):
    return nb201_sample.write(tmp_path_factory.mktemp("nb201"), 0)


def test_the_legacy_container_holds_five_pickles(torch_file):
    with torch_file.open("rb") as file:
        magic, protocol, system, content, storages = (pickle.load(file) for _ in range(5))
        assert not file.read()
    assert (magic, protocol, storages) == (0x1950A86A20F9469CFC6C, 1001, [])
    assert system["little_endian"]
    assert list(content) == ["meta_archs", "total_archs", "arch2infos", "evaluated_indexes"]
    assert list(content["arch2infos"]) == content["evaluated_indexes"] == list(range(content["total_archs"]))


def test_its_states_have_the_layout_of_real_records(data, torch_file):
    real = load(data / "nats" / "NATS-tss-v1_0-3ffb9-simple" / "000284.pickle.pbz2")
    with torch_file.open("rb") as file:
        content = [pickle.load(file) for _ in range(4)][3]
    for index, info in content["arch2infos"].items():
        assert list(info) == ["full", "less"]
        assert layout(info["less"]) == layout(real["12"])
        assert info["full"]["arch_str"] == content["meta_archs"][index]


def test_torch_reads_it(torch_file):
    torch = pytest.importorskip("torch")
    assert "arch2infos" in torch.load(torch_file, weights_only=False)


# --- NAS-Bench-301 ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def logs(sources):
    return {path: json.loads(path.read_text()) for path in sorted(sources["nb301"].rglob("*.json"))}


def test_runs_have_the_keys_of_a_real_one(data, logs):
    real = json.loads((data / "nb301" / "results_0.json").read_text())

    def settings(run):
        return {name for name in run["optimized_hyperparamater_config"] if "edge_" not in name}

    whole = [run for run in logs.values() if run["info"]]
    assert len(whole) == len(logs) - 1
    for run in whole:
        assert set(run) == {*real, "created_by_optimizer", "learning_curves"}
        assert layout(run["info"])[1][0][0] is dict
        assert set(run["info"][0]) == set(real["info"][0])
        assert settings(run) == settings(real)
        assert len(run["optimized_hyperparamater_config"]) == len(real["optimized_hyperparamater_config"])


def test_info_describes_the_best_epoch(logs):
    for run in logs.values():
        for info in run["info"]:
            curves = run["learning_curves"]
            best = curves["Train/epochs"].index(info["epochs"])
            assert max(curves["Train/val_accuracy"]) == curves["Train/val_accuracy"][best] == info["val_accuracy_final"]
            for name in ("train_loss", "train_accuracy", "train_cross_entropy", "val_accuracy", "val_cross_entropy"):
                assert info[f"{name}_final"] == np.float32(info[name]) == curves[f"Train/{name}"][best]
            assert run["final_metric_score"] == -info["val_accuracy"]


def test_curves_end_before_the_last_epoch(logs):
    lengths = Counter(len(run["learning_curves"].get("Train/epochs", [])) for run in logs.values())
    assert lengths[98] > 0.8 * len(logs)
    assert set(lengths) == {98, 49, 0}


def test_parameters_are_those_of_the_cells(logs):
    for run in list(logs.values())[::10]:
        genotype = darts.from_config(run["optimized_hyperparamater_config"])
        assert all(info["model_parameters"] == darts.params(genotype) for info in run["info"])


def test_better_networks_are_those_that_really_are():
    """Rank correlation with ten thousand published accuracies."""
    real = published_tables.nb301()
    texts = real.select(pl.concat_str("genotype_normal", "genotype_reduce", separator="|")).to_series()
    assert stats.spearmanr(nb301_sample.quality(texts), real["val_accuracy_percent"]).statistic > 0.6


# --- the store --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return synthetic.store(tmp_path_factory.mktemp("store"), benchmarks=["nats-sss"])


def test_a_store_holds_the_numbers_of_the_sample(store, size):
    values = (
        store.scan("nats-sss")
        .filter(nbf.metric("accuracy"), nbf.dataset("cifar100"), nbf.split("test"), nbf.schedule(12), nbf.final())
        .sort("arch", "seed")
        .collect()
    )
    expected = [value for record in size for _, value in sorted(final(record, "12", "cifar100", "x-test").items())]
    assert expected == values["value"].to_list()


def test_architectures_are_numbered_by_the_sample(store, size):
    archs = store.scan_archs("nats-sss").sort("arch").collect()
    assert archs["arch_str"].to_list() == [record["12"]["arch_str"] for record in size]


def test_nothing_is_exported_twice(store):
    manifest = Path(store.root, "manifests", "nats-sss.json")
    before = manifest.stat().st_mtime_ns
    assert synthetic.store(store.root, benchmarks=["nats-sss"]).benchmarks() == ["nats-sss"]
    assert manifest.stat().st_mtime_ns == before


def test_a_store_of_an_unknown_benchmark_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="unknown benchmark 'mine'"):
        synthetic.store(tmp_path / "nothing", benchmarks=["mine"])
    assert not (tmp_path / "nothing").exists()


RACE = """
import sys, nbframes as nbf
store = nbf.synthetic.store(benchmarks=["nb301"])
print(store.root, store.scan("nb301").collect().height)
"""


def test_processes_share_one_export_and_each_works_on_its_own_copy(tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    racing = [
        subprocess.Popen([sys.executable, "-c", RACE], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    said = [process.communicate()[0].split() for process in racing]
    assert all(process.returncode == 0 for process in racing)
    assert len({root for root, _ in said}) == 3
    assert len({rows for _, rows in said}) == 1
    [version] = (tmp_path / "nbframes" / "synthetic").iterdir()
    assert [folder.name for folder in version.iterdir()] == ["nb301"]
    assert not any(Path(root).exists() for root, _ in said)


OVERWRITE = """
import nbframes as nbf, polars as pl
store = nbf.synthetic.store(benchmarks=["nb301"])
frame = store.scan("nb301").select(pl.exclude("benchmark")).head(10).collect()
nbf.write_results(frame, store, benchmark="nb301", overwrite=True)
print(store.scan().collect().height)
"""


def test_what_is_written_to_a_copy_does_not_reach_the_cache(tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}

    def said(code):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        return int(done.stdout.split()[-1])

    assert said(OVERWRITE) == 10
    assert said(RACE) > 10


def test_caches_of_other_versions_leave_after_a_week(monkeypatch, tmp_path):
    from nbframes.synthetic import cache

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache.cache_folder()
    old, recent = folder.with_name("0.0.1-old"), folder.with_name("0.0.2-recent")
    for other in (old, recent):
        other.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert cache._writable(folder) == folder
    assert not old.exists()
    assert recent.exists()


def test_without_a_cache_the_sample_lasts_as_long_as_the_process(tmp_path):
    (tmp_path / "file").write_text("in the way")
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "file")}
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "file").read_text() == "in the way"
