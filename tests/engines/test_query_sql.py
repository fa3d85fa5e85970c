"""Whole statements answer what the helpers answer."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, UnknownNameError

WHERE = (nbf.metric("accuracy", "loss"),)
FINAL = (*WHERE, nbf.final())


def answers(store, engine, question, *where, **options):
    dialect, answer = engine
    return answer(nbf.query_sql(question, store, *where, dialect=dialect, **options))


def same(found, expected):
    """Whether rows agree, whatever their order; numbers within a few units of the last place."""
    texts = [
        name
        for name, dtype in expected.schema.items()
        if dtype in (pl.Categorical, pl.Enum) or isinstance(dtype, (pl.Categorical, pl.Enum))
    ]
    expected = expected.with_columns(pl.col(texts).cast(pl.String)).rows()
    key = lambda row: tuple((x is None, x if not isinstance(x, float) else round(x, 6)) for x in row)  # noqa: E731
    found, expected = sorted(found, key=key), sorted(expected, key=key)
    assert len(found) == len(expected)
    assert len(found) > 0
    for a, b in zip(found, expected, strict=True):
        numbers = [i for i, x in enumerate(b) if isinstance(x, float)]
        assert [a[i] for i in numbers] == pytest.approx([b[i] for i in numbers], rel=1e-11, abs=1e-9)
        assert [x for i, x in enumerate(a) if i not in numbers] == [x for i, x in enumerate(b) if i not in numbers]


GROUP = ["benchmark", "metric", "dataset", "split", "schedule", "budget"]


def means(store, *where):
    return store.scan().filter(*where).group_by(*GROUP, "arch").agg(nbf.seed_mean(), nbf.seed_std(), nbf.seed_count())


def test_means(store, engine):
    same(answers(store, engine, "means", *WHERE), means(store, *WHERE).collect())


@pytest.mark.parametrize("over", [("seed",), ("seed", "arch")])
def test_curves(store, engine, over):
    expected = nbf.learning_curves(store.scan().filter(*WHERE), over=over).collect()
    keys = ["benchmark", "metric", "dataset", "split", *(["arch"] if over == ("seed",) else []), "schedule", "budget"]
    same(answers(store, engine, "curves", *WHERE, over=over), expected.select(*keys, "n", "runs", "mean", "std", "sem"))


@pytest.mark.parametrize("maximise", [True, False])
@pytest.mark.parametrize("k", [1, 5])
def test_best(store, engine, k, maximise):
    where = (nbf.metric("accuracy"), nbf.final())
    expected = nbf.best_archs(store.scan().filter(where), k=k, maximise=maximise).collect()
    same(
        answers(store, engine, "best", *where, k=k, maximise=maximise),
        expected.select(*GROUP, "rank", "arch", "value", "runs", "n"),
    )


def test_ranks_and_regret_with_ties(store, engine):
    where = (nbf.metric("accuracy"), nbf.final())
    expected = means(store, *where).with_columns(nbf.rank().over(GROUP), nbf.regret().over(GROUP)).collect()
    assert expected.select(pl.struct(*GROUP, "rank").is_duplicated().any()).item()
    found = answers(store, engine, "ranks", *where, tie=1e-5)
    same(found, expected.select(*GROUP, "arch", "value", "rank", "regret"))


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_correlation(store, engine, method):
    between = ["schedule", "budget"]
    expected = nbf.rank_correlation(store.scan().filter(nbf.metric("accuracy")), between, method=method).collect()
    keys = ["benchmark", "metric", "dataset", "split", "schedule_a", "budget_a", "schedule_b", "budget_b"]
    found = answers(store, engine, "correlation", nbf.metric("accuracy"), between=between, method=method)
    same(found, expected.select(*keys, "n", "correlation"))


def test_ecdf(store, engine):
    where = (nbf.metric("accuracy"), nbf.final())
    expected = nbf.ecdf(store.scan().filter(where)).collect()
    same(answers(store, engine, "ecdf", *where), expected.select(*GROUP, "value", "count", "n", "share"))


@pytest.mark.parametrize("maximise", [True, False])
def test_front(store, engine, maximise):
    where = (nbf.metric("accuracy"), nbf.final())
    costs = nbf.with_costs(store.scan().filter(where), store.scan_runs())
    objectives = {"maximise": "value", "minimise": "params"} if maximise else {"minimise": ["value", "params"]}
    expected = nbf.pareto_front(costs, by=GROUP, **objectives).collect()
    found = answers(store, engine, "front", *where, cost="params", maximise=maximise)
    same(found, expected.select(*GROUP, "arch", "value", "params"))


def test_a_table_of_the_engine_can_be_named(store, duck):
    path = f"{store.root}/results/**/*.parquet"
    source = f"(SELECT * FROM read_parquet('{path}', hive_partitioning = true))"
    same(duck(nbf.query_sql("means", source, *WHERE)), means(store, *WHERE).collect())


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda s: nbf.query_sql("mean", s), UnknownNameError, "did you mean 'means'"),
        (lambda s: nbf.query_sql("best", s, top=3), UnknownNameError, "option of 'best' 'top'"),
        (
            lambda s: nbf.query_sql("best", s, k=0),
            InvalidArgumentError,
            "k should be a whole number of at least 1, not 0",
        ),
        (lambda s: nbf.query_sql("best", s, tie=-1), InvalidArgumentError, "tie=-1"),
        (
            lambda s: nbf.query_sql("correlation", s, between="budget", method="kendall"),
            UnknownNameError,
            "rank_correlation",
        ),
        (lambda s: nbf.query_sql("correlation", s), InvalidArgumentError, "between"),
        (lambda s: nbf.query_sql("correlation", s, between="arch"), UnknownNameError, "column to compare"),
        (lambda s: nbf.query_sql("curves", s, over="arch"), InvalidArgumentError, "over="),
        (lambda s: nbf.query_sql("front", "results", cost="params"), InvalidArgumentError, "runs="),
        (lambda s: nbf.query_sql("front", s, cost="params; DROP"), UnknownNameError, "cost"),
        (lambda s: nbf.query_sql("means", s, nbf.rank()), InvalidArgumentError, "cannot be put into SQL"),
    ],
)
def test_wrong_calls_are_explained(store, call, error, text):
    with pytest.raises(error, match=text):
        call(store)
