"""NASLib's forms and questions: conversions written out by hand, values as plain scans give them."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes.compat import naslib
from nbframes.compat.naslib import Metric
from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from nbframes.spaces import darts, nb101, tss

# Forms


def test_op_indices_of_the_whole_space():
    operations = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
    for text in tss.enumerate()["arch_str"][::97]:
        edges = {}
        for target, node in enumerate(text.split("+"), start=1):
            for part in filter(None, node.split("|")):
                operation, source = part.split("~")
                edges[int(source), target] = operation
        order = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
        expected = tuple(operations.index(edges[edge]) for edge in order)
        assert naslib.convert_str_to_op_indices(text) == expected
        assert naslib.convert_op_indices_to_str(np.array(expected)) == text
    for wrong in ([0, 1], [0, 1, 2, 3, 4, 5], [-1] * 6):
        with pytest.raises(InvalidArchitectureError):
            naslib.convert_op_indices_to_str(wrong)


def test_compact_forms_and_genotypes_keep_the_order_of_pairs():
    draw = random.Random(0)
    numbers = ("max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5")  # fmt: skip
    for text in darts.sample(40, seed=1)["arch_str"]:
        cells = []
        for cell in darts.parse(text):
            nodes = [draw.sample(cell[k : k + 2], 2) for k in range(0, 8, 2)]
            cells.append([pair for node in nodes for pair in node])
        genotype = naslib.convert_compact_to_genotype(
            tuple(tuple((source, numbers.index(operation)) for operation, source in cell) for cell in cells)
        )
        assert (genotype.normal, genotype.reduce) == tuple(cells)
        assert genotype.normal_concat == genotype.reduce_concat == [2, 3, 4, 5]
        compact = naslib.convert_genotype_to_compact(genotype)
        assert naslib.convert_compact_to_genotype(compact) == genotype
        config = naslib.convert_compact_to_config(compact)
        assert config == naslib.convert_genotype_to_config(genotype) == darts.to_config(text)
        assert darts.format(naslib.convert_config_to_genotype(config)) == text
        assert darts.format(naslib.convert_config_to_compact(config)) == text
    with pytest.raises(InvalidArchitectureError):
        naslib.convert_compact_to_genotype((((0, 3),) * 8, ((0, 3),) * 8))


def test_tuples_of_nas_bench_101():
    matrix = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    spec = {"matrix": np.array(matrix), "ops": ["input", "conv1x1-bn-relu", "output"]}
    tup = naslib.convert_spec_to_tuple(spec)
    assert tup == (0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 3, 1)
    back = naslib.convert_tuple_to_spec(tup)
    assert (back["matrix"].tolist(), back["ops"]) == (matrix, spec["ops"])
    for text in nb101.sample(30, seed=2)["arch_str"]:
        cell = nb101.parse(text)
        spec = {"matrix": cell.matrix, "ops": cell.operations}
        back = naslib.convert_tuple_to_spec(naslib.convert_spec_to_tuple(spec))
        assert nb101.format((back["matrix"], back["ops"])) == text
    for wrong in ((), (0, 1), (0,) * 5, (0,) * 7, (0, 1, 0, 0, 0, 9)):
        with pytest.raises(InvalidArchitectureError):
            naslib.convert_tuple_to_spec(wrong)
    for matrix, operations in (([[0, 1]], ["input", "output"]), ([[0, 1], [0, 0]], ["input", "x"]), ([[0]], ["input", "output"])):  # fmt: skip
        with pytest.raises(InvalidArchitectureError):
            naslib.convert_spec_to_tuple({"matrix": matrix, "ops": operations})


# Questions


@pytest.fixture(scope="module")
def store():
    return nbf.synthetic.store()


@pytest.fixture(scope="module", params=["nb201", "nats-tss"])
def api201(request, store):
    api = naslib.get_dataset_api("nasbench201", store=store)
    api.benchmark = request.param
    return api


def _rows(api, arch, **where):
    rows = api.store.scan(api.benchmark).filter(pl.col("arch") == arch)
    return rows.filter(pl.col(name) == value for name, value in where.items()).collect()


def _mean(rows):
    return pytest.approx(rows["value"].mean(), rel=1e-15)


TRAINED = {"cifar10": "cifar10-valid", "cifar10-valid": "cifar10-valid", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}  # fmt: skip


@pytest.mark.parametrize("dataset", list(TRAINED))
@pytest.mark.parametrize("kind", ["accuracy", "loss"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_nas_bench_201_curves_and_values(api201, dataset, kind, split):
    draw = random.Random(f"{dataset}{kind}{split}")
    archs = api201.store.scan_archs(api201.benchmark).select("arch", "arch_str").collect()
    for _ in range(2):
        arch, text = draw.choice(archs.rows())
        numbers = naslib.convert_str_to_op_indices(text)
        trained = dataset if split == "test" else TRAINED[dataset]
        where = {"metric": kind, "dataset": trained, "split": split, "schedule": 200}
        ask = {"dataset_api": api201, "dataset": dataset}
        metric = Metric[f"{split}_{kind}".upper()]
        for epoch in (0, 100, -1, -2):
            rows = _rows(api201, arch, budget=epoch % 200 + 1, **where)
            if rows.is_empty():
                continue
            assert naslib.query(numbers, metric, epoch=epoch, **ask) == _mean(rows)
            run = rows.row(0, named=True)
            assert naslib.query(text, metric.name, epoch=epoch, seed=run["seed"], **ask) == run["value"]
        means = _rows(api201, arch, **where).group_by("budget").agg(pl.col("value").mean()).sort("budget")
        if means.height == 200:
            curve = naslib.query(numbers, metric, full_lc=True, **ask)
            assert curve == pytest.approx(means["value"].to_list(), rel=1e-14)
            assert naslib.query(numbers, metric, full_lc=True, epoch=12, **ask) == curve[:12]
        else:
            with pytest.raises(InvalidArgumentError, match="no whole learning curve"):
                naslib.query(numbers, metric, full_lc=True, **ask)
            with pytest.raises(UnknownNameError, match=r"no epoch 3(.|\n)*counted from 0: 199"):
                naslib.query(numbers, metric, epoch=3, **ask)


@pytest.mark.parametrize("dataset", list(TRAINED))
def test_nas_bench_201_costs_and_times(api201, dataset):
    arch, text = api201.store.scan_archs(api201.benchmark).select("arch", "arch_str").collect().row(1)
    ask = {"dataset_api": api201, "dataset": dataset}
    runs = api201.store.scan_runs(api201.benchmark).filter(pl.col("arch") == arch, pl.col("schedule") == 200).collect()
    runs = runs.filter(pl.col("dataset") == TRAINED[dataset])
    costs = naslib.query(text, Metric.HP, **ask)
    assert costs["flops"] == naslib.query(text, Metric.FLOPS, **ask) == pytest.approx(runs["mflops"].mean())
    assert costs["params"] == naslib.query(text, Metric.PARAMETERS, **ask) == pytest.approx(runs["params"].mean() / 1e6)
    assert costs["latency"] == naslib.query(text, Metric.LATENCY, **ask) == pytest.approx(runs["latency"].mean())
    assert naslib.query(text, Metric.EPOCH, **ask) == 200
    times = _rows(api201, arch, metric="epoch_time", dataset=TRAINED[dataset], split="train", schedule=200)
    for epoch in (0, 11, -1):
        up_to = times.filter(pl.col("budget") <= epoch % 200 + 1).group_by("seed").agg(pl.col("value").sum())["value"]
        assert naslib.query(text, Metric.TRAIN_TIME, epoch=epoch, **ask) == pytest.approx(up_to.mean())


def test_nas_bench_101_trainings_of_all_lengths(store):
    api = naslib.get_dataset_api("nasbench101", store=store)
    for arch, text in store.scan_archs("nb101").select("arch", "arch_str").head(5).collect().iter_rows():
        cell = nb101.parse(text)
        spec = {"matrix": cell.matrix, "ops": list(cell.operations)}
        runs = store.scan_runs("nb101").filter(pl.col("arch") == arch).collect()
        for form in (spec, naslib.convert_spec_to_tuple(spec), text, (cell.matrix, cell.operations)):
            for epoch in (4, 12, 36, 108, -1, None):
                schedule = 108 if epoch in (-1, None) else epoch
                for split in ("train", "val", "test"):
                    rows = _rows(api, arch, metric="accuracy", split=split, schedule=schedule, budget=schedule)
                    metric = f"{split}_accuracy"
                    assert naslib.query(form, metric, dataset_api=api, epoch=epoch) == _mean(rows)
                times = _rows(api, arch, metric="time", schedule=schedule, budget=schedule)
                assert naslib.query(form, "TRAIN_TIME", dataset_api=api, epoch=epoch) == _mean(times)
                assert naslib.query(form, "EPOCH", dataset_api=api, epoch=epoch) == schedule
            assert naslib.query(form, "PARAMETERS", dataset_api=api) == runs["params"].mean() / 1e6
    with pytest.raises(InvalidArgumentError, match="no learning curves"):
        naslib.query(text, "VAL_ACCURACY", dataset_api=api, full_lc=True)
    with pytest.raises(UnknownNameError, match="schedule of NAS-Bench-101 5"):
        naslib.query(text, "VAL_ACCURACY", dataset_api=api, epoch=5)
    with pytest.raises(InvalidArgumentError, match="no loss of split 'val'"):
        naslib.query(text, "VAL_LOSS", dataset_api=api)
    with pytest.raises(InvalidArgumentError, match="no times of evaluations"):
        naslib.query(text, "VAL_TIME", dataset_api=api)


def test_nas_bench_301_trained_architectures(store):
    api = naslib.get_dataset_api("nasbench301", store=store)
    names = {"VAL_ACCURACY": ("accuracy", "val"), "TRAIN_ACCURACY": ("accuracy", "train"), "TRAIN_LOSS": ("loss", "train"), "VAL_LOSS": ("cross_entropy", "val")}  # fmt: skip
    for arch, text in store.scan_archs("nb301").select("arch", "arch_str").head(4).collect().iter_rows():
        compact = naslib.convert_genotype_to_compact(darts.parse(text))
        for name, (metric, split) in names.items():
            rows = _rows(api, arch, metric=metric, split=split)
            expected = rows.group_by("budget").agg(pl.col("value").mean()).sort("budget")["value"].to_list()
            curve = naslib.query(compact, name, dataset_api=api, full_lc=True)
            assert curve == pytest.approx(expected, rel=1e-14)
            assert naslib.query(compact, name, dataset_api=api) == curve[-1]
            assert naslib.query(naslib.convert_compact_to_genotype(compact), name, dataset_api=api, epoch=3) == curve[3]
        test = _rows(api, arch, metric="accuracy", split="test")
        assert naslib.query(compact, "TEST_ACCURACY", dataset_api=api) == _mean(test)
        times = _rows(api, arch, metric="time", split="train")
        assert naslib.query(compact, "TRAIN_TIME", dataset_api=api) == _mean(times)
    known = set(store.scan_archs("nb301").collect()["arch_str"])
    unknown = next(text for text in darts.sample(5, seed=9)["arch_str"] if text not in known)
    with pytest.raises(UnknownNameError, match=r"was not trained(.|\n)*nbframes\.surrogate"):
        naslib.query(unknown, "VAL_ACCURACY", dataset_api=api)
    with pytest.raises(UnknownNameError, match="has no epoch 500"):
        naslib.query(compact, "VAL_ACCURACY", dataset_api=api, epoch=500)


def test_questions_that_have_no_answer(store):
    text = tss.enumerate()["arch_str"][0]
    with pytest.raises(UnknownNameError, match="did you mean 'VAL_ACCURACY'"):
        naslib.query(text, "VALID_ACCURACY", search_space="nasbench201", store=store)
    for name in ("RAW", Metric.ALL):
        with pytest.raises(InvalidArgumentError, match="ask for one metric"):
            naslib.query(text, name, search_space="nasbench201", store=store)
    with pytest.raises(UnknownNameError, match="did you mean 'nasbench201'"):
        naslib.get_dataset_api("nasbench-201", store=store)
    with pytest.raises(UnknownNameError, match="search space"):
        naslib.query(text, "VAL_ACCURACY", store=store)
    with pytest.raises(UnknownNameError):
        naslib.query(text, "VAL_ACCURACY", "ninapro", search_space="nasbench201", store=store)
    with pytest.raises(InvalidArchitectureError):
        naslib.query((9,) * 6, "VAL_ACCURACY", search_space="nasbench201", store=store)
    assert [member.name for member in Metric] == [
        "RAW", "ALL", "TRAIN_ACCURACY", "VAL_ACCURACY", "TEST_ACCURACY", "TRAIN_LOSS", "VAL_LOSS", "TEST_LOSS", "TRAIN_TIME",
        "VAL_TIME", "TEST_TIME", "FLOPS", "LATENCY", "PARAMETERS", "EPOCH", "HP",
    ]  # fmt: skip
