"""Predicates and aggregates in SQL select and compute what they do in Polars."""

from __future__ import annotations

from operator import and_, or_

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, UnknownNameError

COLUMNS = ["benchmark", "dataset", "split", "metric", "arch", "schedule", "budget", "seed", "final", "value"]
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

numbers = st.sampled_from([0, 1, 3, 12, 100, 200, 777, 888])
LEAVES = st.one_of(
    st.builds(nbf.on, st.sampled_from(["cifar10", "cifar100"]), st.sampled_from(["val", "test"])),
    st.builds(nbf.metric, st.sampled_from(["accuracy", "loss", "time"])),
    st.builds(nbf.split, st.just("val"), st.sampled_from(["test", "train"])),
    st.builds(nbf.dataset, st.just("cifar10")),
    st.builds(nbf.arch, st.lists(st.integers(0, 45), min_size=1, max_size=4)),
    st.builds(nbf.seed, numbers),
    st.builds(nbf.budget, numbers),
    st.builds(nbf.schedule, st.sampled_from([12, 200, "full"])),
    st.just(nbf.final()),
    st.builds(lambda x: pl.col("value") > x, st.floats(80, 100)),
    st.builds(lambda x: pl.col("value") != round(x, 1), st.floats(80, 100)),
    st.builds(
        lambda x, closed: pl.col("value").is_between(x, x + 2, closed=closed),
        st.floats(85, 95),
        st.sampled_from(["both", "left", "right", "none"]),
    ),
    st.just(pl.col("budget") < pl.col("schedule")),
    st.builds(lambda values: pl.col("seed").is_in(values), st.lists(st.one_of(st.none(), numbers), max_size=3)),
    st.builds(lambda name: pl.col("benchmark") == name, st.sampled_from(["mine", "other", "it's", "back\\slash"])),
    st.just(pl.col("value").is_nan()),
    st.just(pl.col("value").is_not_null()),
    st.builds(pl.lit, st.booleans()),
)
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(and_, inner, inner),
        st.builds(or_, inner, inner),
        st.builds(lambda e: ~e, inner),
        st.builds(lambda a, b: a ^ b, inner, inner),
    ),
    max_leaves=5,
)


def source(store, dialect):
    path = f"{store.root}/results"
    return (
        f"parquet.`{path}`" if dialect == "spark" else f"read_parquet('{path}/**/*.parquet', hive_partitioning = true)"
    )


def plain(frame):
    """Rows as tuples of Python values, sorted."""
    names = [name for name in COLUMNS if name in frame.columns]
    texts = [name for name in ("benchmark", "dataset", "split", "metric") if name in names]
    return sorted(frame.select(names).with_columns(pl.col(texts).cast(pl.String)).rows())


@FEW
@given(predicate=PREDICATES)
def test_a_predicate_selects_the_rows_that_polars_selects(store, engine, predicate):
    dialect, answer = engine
    statement = f"SELECT {', '.join(COLUMNS)} FROM {source(store, dialect)} WHERE {nbf.sql(predicate, dialect=dialect)}"
    assert sorted(answer(statement)) == plain(store.scan().filter(predicate).collect())


AGGREGATES = [
    nbf.seed_mean(),
    nbf.seed_std(),
    nbf.seed_count(),
    pl.col("value").min().alias("least"),
    pl.col("value").max(),
    pl.col("value").median(),
    pl.col("value").var(ddof=0),
    pl.col("seed").sum(),
    pl.len(),
]


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=str)
def test_an_aggregate_computes_what_polars_computes(store, engine, aggregate):
    dialect, answer = engine
    keys = ["dataset", "split", "metric", "budget", "arch"]
    rows = store.scan("mine").group_by(keys).agg(aggregate).collect()
    name = rows.columns[-1]
    mark = '"' if dialect == "duckdb" else "`"
    text = nbf.sql(aggregate, dialect=dialect)
    assert text.endswith(f" AS {mark}{name}{mark}")
    statement = f"SELECT {', '.join(keys)}, {text} FROM {source(store, dialect)} WHERE benchmark = 'mine' GROUP BY {', '.join(keys)}"
    expected = {tuple(map(str, row[:-1])): row[-1] for row in rows.rows()}
    found = {tuple(map(str, row[:-1])): row[-1] for row in answer(statement)}
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(expected[key], rel=1e-12, abs=1e-12) for key in expected)


@pytest.mark.parametrize("text", ["it's", 'a "name"', "back\\slash", "back\\'", "%_`", "\n", "ü\u202e"])
def test_texts_are_quoted_for_each_dialect(engine, text):
    dialect, answer = engine
    frame_less = nbf.sql(pl.lit(text), dialect=dialect)
    assert answer(f"SELECT {frame_less} AS x") == [(text,)]


@pytest.mark.parametrize("value", [0.1, -1e-9, 1e300, 5e-324, 123456789.123456789, 2**31, -(2**40), True, None])
def test_literals_keep_their_value_to_the_last_bit(engine, value):
    dialect, answer = engine
    assert answer(f"SELECT {nbf.sql(pl.lit(value), dialect=dialect)} AS x") == [(value,)]


def test_nan_and_null_follow_polars(engine):
    dialect, answer = engine
    frame = pl.DataFrame({"v": [1.0, float("nan"), None], "i": [1, 2, 3]})
    rows = (
        "(SELECT 1E0 AS v, 1 AS i UNION ALL SELECT CAST('NaN' AS DOUBLE), 2 UNION ALL SELECT CAST(NULL AS DOUBLE), 3)"
    )
    v = pl.col("v")
    for expr in (
        v.is_nan(),
        ~v.is_nan(),
        v.is_not_nan(),
        v.is_null(),
        v > 1,
        ~(v > 1),
        v.is_in([1.0, None]),
        ~v.is_in([None, 1.0]),
        v.is_in([]),
        v.eq_missing(None),
        v.ne_missing(1.0),
        v.is_in([float("nan")]),
    ):
        expected = frame.sort("i").select(expr).to_series().to_list()
        found = [row[0] for row in answer(f"SELECT {nbf.sql(expr, dialect=dialect)} AS x FROM {rows} AS t ORDER BY i")]
        assert found == expected, str(expr)


@pytest.mark.parametrize(
    "expr",
    [
        nbf.rank(),
        nbf.regret(),
        pl.col("value") * 2,
        pl.col("value") / 2 > 1,
        pl.col("value").cast(pl.Int32),
        pl.col("dataset") < "cifar10",
        pl.col("dataset").is_between(pl.lit("a"), pl.lit("z")),
        pl.col("value") > float("inf"),
        pl.col("value").n_unique(),
        pl.col("value").std(ddof=3),
        pl.col("value").mean().over("arch"),
        pl.col("value").is_in(pl.col("arch")),
        pl.col("arch", "seed"),
        pl.all(),
        pl.col("dataset").str.contains("c"),
        pl.lit(b"bytes"),
        pl.when(pl.col("final")).then(1).otherwise(0),
    ],
    ids=str,
)
def test_what_has_no_exact_counterpart_is_refused(expr):
    with pytest.raises(InvalidArgumentError, match="cannot be put into SQL"):
        nbf.sql(expr)


def test_wrong_arguments_are_explained():
    with pytest.raises(UnknownNameError, match="did you mean 'duckdb'"):
        nbf.sql(nbf.final(), dialect="duckbd")
    with pytest.raises(InvalidArgumentError, match="got 'final'"):
        nbf.sql("final")
