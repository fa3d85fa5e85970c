"""Effects of operations on whole spaces of real architectures, against DuckDB and brute force."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nbframes.analysis import marginal_means, operation_effects, replacement_pairs
from nbframes.errors import FrameError, InvalidArgumentError
from nbframes.spaces import nb101, sss, tss
from tests import published_tables

EDGES = list(tss.ENCODING)


@pytest.fixture(scope="module")
def archs():
    """All architectures of the topology space in the official order."""
    return published_tables.tss_archs().select(["arch", "arch_str"])


@pytest.fixture(scope="module")
def pairs(archs):
    return replacement_pairs(archs, space="tss")


@pytest.fixture(scope="module")
def results():
    """Real accuracies of the topology space, several seeds each."""
    return published_tables.measured().filter(
        metric="accuracy", benchmark="nats-tss", dataset="cifar100", split="valtest", schedule=200
    )


@pytest.fixture(scope="module")
def cells(archs, results):
    """Accuracy and operations of every architecture, as one wide table of text."""
    means = results.group_by("arch").agg(pl.col("value").mean())
    encoded = archs.select("arch").with_columns(tss.parse(archs["arch_str"]).cast(pl.String))
    return encoded.join(means, on="arch")


def texts(frame):
    return frame.with_columns(pl.col(pl.Enum).cast(pl.String)).sort(pl.all())


def test_replacements_agree_with_duckdb(results, pairs, cells):
    select = " union all ".join(
        f"""select '{edge}' as position, a.{edge} as operation, b.{edge} as replacement, b.value - a.value as change
            from cells a join cells b on a.{edge} <> b.{edge}
            and {" and ".join(f"a.{other} = b.{other}" for other in EDGES if other != edge)}"""
        for edge in EDGES
    )
    for positions in (False, True):
        keys = ["position", "operation", "replacement"] if positions else ["operation", "replacement"]
        expected = duckdb.sql(
            f"""select {", ".join(keys)}, count(*)::uinteger as n, avg(change) as mean, stddev_samp(change) as std,
            avg((change >= 1e-9)::int) as increased from ({select}) group by all"""
        ).pl()
        ours = operation_effects(results, pairs, positions=positions).select(*keys, "n", "mean", "std", "increased")
        assert_frame_equal(texts(ours), texts(expected))


def test_replacements_and_their_opposites_cancel(results, pairs):
    matrix = operation_effects(results, pairs, by=[])
    opposite = matrix.rename({"operation": "replacement", "replacement": "operation"})
    both = matrix.join(opposite, on=["operation", "replacement"])
    assert both.height == matrix.height == 20
    assert (both["mean"] + both["mean_right"]).abs().max() < 1e-9
    assert both["std"].to_list() == pytest.approx(both["std_right"].to_list())


def test_marginal_means_agree_with_duckdb(results, archs, cells):
    select = " union all ".join(f"select '{edge}' as position, {edge} as operation, value from cells" for edge in EDGES)
    expected = duckdb.sql(
        f"""select position, operation, count(*)::uinteger as n, avg(value) as mean, stddev_samp(value) as std,
        avg(value) - (select avg(value) from cells) as effect from ({select}) group by all"""
    ).pl()
    ours = marginal_means(results, archs, space="tss").select(expected.columns)
    assert_frame_equal(texts(ours), texts(expected))


def test_counted_means_agree_with_duckdb(results, archs, cells):
    select = " union all ".join(
        f"select '{op}' as operation, {' + '.join(f'({edge} = {op!r})::int' for edge in EDGES)} as count, value from cells"
        for op in tss.OPERATIONS
    )
    expected = duckdb.sql(
        f"""select operation, count::uinteger as count, count(*)::uinteger as n, avg(value) as mean,
        stddev_samp(value) as std, avg(value) - (select avg(value) from cells) as effect from ({select}) group by all"""
    ).pl()
    ours = marginal_means(results, archs, space="tss", positions=False).select(expected.columns)
    assert ours["count"].max() == 6
    assert_frame_equal(texts(ours), texts(expected))


def test_rows_are_in_the_order_of_the_space(results, archs, pairs):
    means = marginal_means(results, archs, space="tss")
    assert means["operation"].cast(pl.String).to_list()[:5] == list(tss.OPERATIONS)
    assert means["position"].unique(maintain_order=True).cast(pl.String).to_list() == EDGES
    matrix = operation_effects(results, pairs)
    assert matrix["operation"].unique(maintain_order=True).cast(pl.String).to_list() == list(tss.OPERATIONS)


def test_size_space_replaces_channels():
    archs = sss.enumerate().select("arch", "arch_str").sample(400, seed=0)
    found = replacement_pairs(archs, space="sss")
    texts_of = dict(archs.rows())
    assert found.height > 100
    for arch, position, before, after, neighbour in found.rows():
        layer = int(position[-1]) - 1
        one, other = texts_of[arch].split(":"), texts_of[neighbour].split(":")
        assert one[layer] == before
        assert [*one[:layer], after, *one[layer + 1 :]] == other


def test_cells_with_replaced_operations_are_found_however_they_are_drawn():
    archs = nb101.enumerate(max_vertices=4).select("arch_str", arch=pl.int_range(pl.len(), dtype=pl.Int32))
    found = replacement_pairs(archs, space="nb101")
    arch_of = dict(zip(nb101.hash(archs["arch_str"]), archs["arch"], strict=True))
    expected = []
    for arch, text in archs.select("arch", "arch_str").rows():
        matrix, operations = nb101.parse(text)
        for place in range(1, len(operations) - 1):
            for after in nb101.OPERATIONS:
                if after != operations[place]:
                    changed = (*operations[:place], after, *operations[place + 1 :])
                    expected.append(
                        (arch, f"op_{place}", operations[place], after, arch_of[nb101.hash(matrix, changed)])
                    )
    assert sorted(found.rows()) == sorted(expected)


def test_several_benchmarks_and_datasets_at_once_give_what_each_gives_alone(archs):
    names = {"nats-tss": "tss", "nats-sss": "sss"}
    results = published_tables.measured().filter(
        pl.col("metric") == "accuracy",
        pl.col("schedule").is_in([90, 200]),
        pl.col("dataset") != "cifar100",
        pl.col("arch") < 4096,
    )
    both = pl.concat(
        [
            archs.select(pl.lit("nats-tss").alias("benchmark"), pl.col("arch").cast(pl.Int32), "arch_str"),
            sss.enumerate().select(pl.lit("nats-sss").alias("benchmark"), "arch", "arch_str"),
        ]
    ).filter(pl.col("arch") < 4096)
    for helper in (marginal_means, operation_effects):
        together = helper(results, both)
        for name, space in names.items():
            part = both.filter(benchmark=name).drop("benchmark")
            alone = helper(results.filter(benchmark=name), part, space=space)
            assert_frame_equal(texts(together.filter(benchmark=name)), texts(alone))
        assert_frame_equal(helper(results.lazy(), both.lazy()).collect(), together)


def test_architectures_without_value_are_left_out_and_counted():
    archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:8:16"]})
    frame = pl.DataFrame({"arch": [0, 1, 2, 3], "value": [90.0, 92.5, None, 50.0]})
    found = operation_effects(frame, archs, space="sss").select("operation", "replacement", "n", "mean", "increased")
    assert found.rows() == [("8", "64", 1, 2.5, 1.0), ("64", "8", 1, -2.5, 0.0)]
    assert marginal_means(frame, archs, space="sss").filter(position="channels_5")["n"].to_list() == [1, 1]


@pytest.mark.parametrize("helper", [marginal_means, operation_effects])
class TestMistakes:
    archs = pl.DataFrame({"arch": [0, 1], "arch_str": ["8:8:8:8:8", "8:8:8:8:64"]})
    frame = pl.DataFrame({"arch": [0, 1], "dataset": ["cifar10", "cifar100"], "value": [1.0, 2.0]})

    def test_unlike_rows_are_never_thrown_together(self, helper):
        with pytest.raises(FrameError, match="dataset"):
            helper(self.frame, self.archs, by=[], space="sss")

    def test_several_values_of_an_architecture(self, helper):
        frame = pl.DataFrame({"arch": [1, 1], "value": [1.0, 2.0]})
        with pytest.raises(FrameError, match=r"several rows for the same 'arch'.* arch=1: 1.0, 2.0"):
            helper(frame, self.archs, space="sss")

    def test_space_must_be_known(self, helper):
        with pytest.raises(InvalidArgumentError, match="space="):
            helper(self.frame, self.archs)

    def test_missing_columns(self, helper):
        with pytest.raises(FrameError, match="'arch_str'"):
            helper(self.frame, self.archs.drop("arch_str"), space="sss")
