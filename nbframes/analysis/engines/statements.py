"""Whole questions as SQL statements: what the helpers of `nbframes.analysis` answer, for an engine that reads the same store."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

import polars as pl

from nbframes import benchmarks
from nbframes.analysis.engines.expressions import Dialect, Translator, sql
from nbframes.errors import InvalidArgumentError, UnknownNameError, listed, whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbframes.store import Store

Question = Literal["means", "curves", "best", "ranks", "correlation", "ecdf", "front"]

_METHODS: Final = ("spearman", "pearson")
_GROUP: Final = ("benchmark", "metric", "dataset", "split", "schedule", "budget")
"""Columns that keep unlike results apart; within their values architectures are compared."""


def query_sql(
    question: Question,
    source: Store | str,
    *where: pl.Expr,
    dialect: Dialect = "duckdb",
    **options: Any,
) -> str:
    """Say a whole question in SQL, with the same answer as the helper of `nbframes.analysis` gives.

    Parameters
    ----------
    question
        - ``"means"``: mean, deviation (n - 1) and count over the seeds of each architecture;
        - ``"curves"``: the same at each budget, as `nbframes.learning_curves`; option ``over``, ``("seed",)`` or
          ``("seed", "arch")``;
        - ``"best"``: the best architectures, as `nbframes.best_archs`; option ``k`` (1);
        - ``"ranks"``: rank and regret of each architecture's mean, as `nbframes.rank` and `nbframes.regret`;
        - ``"correlation"``: of the means between the values of a column, as `nbframes.rank_correlation`; options ``between``
          (a column such as ``"budget"``) and ``method``, ``"spearman"`` or ``"pearson"``;
        - ``"ecdf"``: share of the architectures that reach at most each value, as `nbframes.ecdf`;
        - ``"front"``: the front of mean value and mean cost, as `nbframes.pareto_front` of `nbframes.with_costs`; options
          ``cost`` (a column of ``runs`` to minimise) and, where ``source`` is text, ``runs``.
    source
        A store, whose files the statement reads, or the name of a table or view of its results.
    *where
        Predicates that select rows, as for ``LazyFrame.filter``.
    dialect
        ``"duckdb"``, or ``"spark"`` for Spark and Sail.
    **options
        Options of the question. Questions that rank also take ``maximise`` (True) and ``tie``: means whose sorted
        neighbours lie less than ``tie`` apart share a rank; by default what is known of the metric, as helpers have it: 1e-5 for
        accuracies of trained networks, 0 for predictions and other metrics.

    Returns
    -------
    str
        One ``SELECT`` statement, sorted where the helper sorts. Unlike results are kept apart by all columns that tell
        them apart, as the helpers do where ``by`` is not given.

    Raises
    ------
    UnknownNameError
        If the question, the dialect, an option or a method is not one of the above.
    InvalidArgumentError
        If an option is missing, or a predicate cannot be said in SQL.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.query_sql("means", "results", nbf.on("cifar100", "test"), nbf.final()))
    WITH chosen AS (
      SELECT * FROM results WHERE (("dataset" = 'cifar100') AND ("split" = 'test')) AND ("final")
    )
    SELECT benchmark, metric, dataset, split, schedule, budget, arch,
      avg(value) AS value, stddev_samp(value) AS value_std, count(value) AS seed_count
    FROM chosen
    GROUP BY benchmark, metric, dataset, split, schedule, budget, arch
    ORDER BY benchmark, metric, dataset, split, schedule, budget, arch
    """
    if question not in _QUESTIONS:
        raise UnknownNameError.of("question", question, get_args(Question))
    write = _QUESTIONS[question]
    parameters = {name: option for name, option in signature(write).parameters.items() if name != "source"}
    for name in options:
        if name not in parameters:
            kind = f"option of {question!r}"
            raise UnknownNameError.of(kind, name, parameters)
    needed = [name for name, option in parameters.items() if option.default is option.empty and name not in options]
    if needed:
        msg = f"the question {question!r} needs {listed(needed)}"
        raise InvalidArgumentError(msg)
    return write(_Relations.of(source, where, dialect, options), **options)


class _Relations(NamedTuple):
    """Where the rows come from."""

    chosen: str
    """The common table expression of the rows that were selected."""
    runs: str | None
    """The relation of the runs' costs."""
    costs: Sequence[str] | None
    """Their columns, where they are known."""
    origin: Store | str
    """What the caller named."""
    translator: Translator

    @classmethod
    def of(cls, source: Store | str, where: Sequence[pl.Expr], dialect: Dialect, options: dict[str, Any]) -> _Relations:
        translator = Translator.of(dialect)
        predicates = " AND ".join(f"({sql(predicate, dialect=dialect)})" for predicate in where)
        predicate = (predicates[1:-1] if len(where) == 1 else predicates) or "TRUE"
        if isinstance(source, str):
            results, runs, costs = source, options.get("runs"), None
        else:
            results, runs = (_folder(f"{source.root}/{table}", translator, dialect) for table in ("results", "runs"))
            costs = source.scan_runs().collect_schema().names() if "cost" in options else None
        return cls(f"chosen AS (\n  SELECT * FROM {results} WHERE {predicate}\n)", runs, costs, source, translator)


def _folder(path: str, translator: Translator, dialect: Dialect) -> str:
    """Relation of all Parquet files below a folder."""
    if dialect == "spark":
        return f"parquet.{translator.name(path)}"
    return f"read_parquet({translator.text(f'{path}/**/*.parquet')}, hive_partitioning = true, union_by_name = true)"


def _listing(names: Sequence[str]) -> str:
    return ", ".join(names)


def _with(*tables: str) -> str:
    return "WITH " + ",\n".join(tables)


_MEANS: Final = f"""means AS (
  SELECT {_listing(_GROUP)}, arch, avg(value) AS value, count(value) AS runs
  FROM chosen WHERE value <> CAST('NaN' AS DOUBLE) GROUP BY {_listing(_GROUP)}, arch
)"""


def _means(source: _Relations) -> str:
    keys = _listing([*_GROUP, "arch"])
    return f"""{_with(source.chosen)}
SELECT {keys},
  avg(value) AS value, stddev_samp(value) AS value_std, count(value) AS seed_count
FROM chosen
GROUP BY {keys}
ORDER BY {keys}"""


def _curves(source: _Relations, *, over: Sequence[str] = ("seed",)) -> str:
    over = (over,) if isinstance(over, str) else tuple(over)
    if over not in {("seed",), ("seed", "arch")}:
        msg = f"over={over!r} should be ('seed',), for a curve of each architecture, or ('seed', 'arch'), for one of them all"
        raise InvalidArgumentError(msg)
    each = over == ("seed",)
    keys = _listing(["benchmark", "metric", "dataset", "split", *(["arch"] if each else []), "schedule", "budget"])
    tables, rows = [source.chosen], "chosen WHERE value <> CAST('NaN' AS DOUBLE)"
    if not each:
        tables, rows = [source.chosen, _MEANS], "means"
    return f"""{_with(*tables)}
SELECT {keys}, count(value) AS n, {"count(value)" if each else "sum(runs)"} AS runs,
  avg(value) AS mean, stddev_samp(value) AS std, stddev_samp(value) / sqrt(count(value)) AS sem
FROM {rows}
GROUP BY {keys}
ORDER BY {keys}"""


def _tied(table: str, column: str, keys: Sequence[str], tie: str, name: str) -> list[str]:
    """Tables that add to ``table`` the smallest value of each tie as ``name``, in two windows: gaps, then groups of them."""
    partition = _listing(keys)
    return [
        f"""{name}_gaps AS (
  SELECT *, CASE WHEN {column} - lag({column}) OVER (PARTITION BY {partition} ORDER BY {column}) < {tie} THEN 0 ELSE 1 END AS {name}_opens
  FROM {table}
)""",
        f"""{name}_groups AS (
  SELECT *, sum({name}_opens) OVER (PARTITION BY {partition} ORDER BY {column} ROWS UNBOUNDED PRECEDING) AS {name}_group
  FROM {name}_gaps
)""",
        f"""{name}_values AS (
  SELECT *, min({column}) OVER (PARTITION BY {partition}, {name}_group) AS {name}
  FROM {name}_groups
)""",
    ]


def _tolerance(tie: float | None, source: Store | str) -> str:
    """How near neighbours tie: where the caller does not say by benchmark and metric, as helpers know it of their frames."""
    if tie is None:
        metrics = [known for name in benchmarks.metric_names() if (known := benchmarks.find_metric(name))]
        usual = {known.name: known.tie for known in metrics if known.tie}
        own = [pair for pair in benchmarks.apart(_stated(source)) if pair[1].tie != usual.get(pair[1].name, 0)]
        cases = [(f"benchmark = '{name}' AND metric = '{known.name}'", known.tie) for name, known in own]
        cases += [(f"metric = '{name}'", gap) for name, gap in usual.items()]
        return f"CASE {' '.join(f'WHEN {which} THEN {sql(pl.lit(float(gap)))}' for which, gap in cases)} ELSE 0E0 END"
    if not tie >= 0:
        msg = f"tie={tie!r} should be 0 or more"
        raise InvalidArgumentError(msg)
    return sql(pl.lit(float(tie)))


def _stated(source: Store | str) -> dict[str, list[dict[str, dict[str, Any]]]] | None:
    """What the manifests of a store say of metrics, by benchmark; None of a table, of which the process knows more than its name."""
    if isinstance(source, str):
        return None
    each = source.catalogue.each(source.benchmarks())
    return {manifests[0].benchmark: [manifest.metrics for manifest in manifests] for manifests in each}


def _ranked(source: _Relations, *, maximise: bool, tie: float | None) -> list[str]:
    """Tables up to ``ranked``: the means of each group with their rank and regret."""
    keys = _listing(_GROUP)
    regret = (
        f"max(tied) OVER (PARTITION BY {keys}) - tied" if maximise else f"tied - min(tied) OVER (PARTITION BY {keys})"
    )
    return [
        source.chosen,
        _MEANS,
        *_tied("means", "value", _GROUP, _tolerance(tie, source.origin), "tied"),
        f"""ranked AS (
  SELECT *, rank() OVER (PARTITION BY {keys} ORDER BY tied {"DESC" if maximise else "ASC"}) AS rank, {regret} AS regret,
    count(*) OVER (PARTITION BY {keys}) AS n
  FROM tied_values
)""",
    ]


def _best(source: _Relations, *, k: int = 1, maximise: bool = True, tie: float | None = None) -> str:
    k = whole_number("k", k, 1)
    keys = _listing(_GROUP)
    return f"""{_with(*_ranked(source, maximise=maximise, tie=tie))}
SELECT {keys}, rank, arch, value, runs, n
FROM ranked WHERE rank <= {k}
ORDER BY {keys}, rank, arch"""


def _ranks(source: _Relations, *, maximise: bool = True, tie: float | None = None) -> str:
    keys = _listing(_GROUP)
    return f"""{_with(*_ranked(source, maximise=maximise, tie=tie))}
SELECT {keys}, arch, value, rank, regret
FROM ranked
ORDER BY {keys}, rank, arch"""


def _ecdf(source: _Relations, *, tie: float | None = None) -> str:
    keys = _listing(_GROUP)
    return f"""{_with(source.chosen, _MEANS, *_tied("means", "value", _GROUP, _tolerance(tie, source.origin), "tied"))},
steps AS (
  SELECT {keys}, tied AS value, count(*) AS size FROM tied_values GROUP BY {keys}, tied
),
counted AS (
  SELECT {keys}, value, sum(size) OVER (PARTITION BY {keys} ORDER BY value ROWS UNBOUNDED PRECEDING) AS count,
    sum(size) OVER (PARTITION BY {keys}) AS n
  FROM steps
)
SELECT {keys}, value, count, n, CAST(count AS DOUBLE) / CAST(n AS DOUBLE) AS share
FROM counted
ORDER BY {keys}, value"""


def _correlation(
    source: _Relations, *, between: str | Sequence[str], method: str = "spearman", tie: float | None = None
) -> str:
    if method not in _METHODS:
        hint = "Kendall's needs every pair of architectures: nbf.rank_correlation(frame) counts them without writing them out"
        raise UnknownNameError.of("method", method, _METHODS, hint)
    compared = (between,) if isinstance(between, str) else tuple(between)
    for name in compared:
        if name not in _GROUP:
            raise UnknownNameError.of("column to compare", name, _GROUP)
    rest = [name for name in _GROUP if name not in compared]
    ends = [f"{name}_{end}" for end in "ab" for name in compared]
    ranked = method == "spearman"
    column = "tied" if ranked else "value"
    table = "tied_values" if ranked else "means"
    pairs = f"""pairs AS (
  SELECT {_listing([f"a.{name}" for name in rest])},
    {_listing([f"{end}.{name} AS {name}_{end}" for end in "ab" for name in compared])}, a.{column} AS x, b.{column} AS y
  FROM {table} AS a JOIN {table} AS b ON {" AND ".join(f"a.{name} = b.{name}" for name in [*rest, "arch"])}
    AND ({_precedes(compared)})
)"""
    keys = _listing([*rest, *ends])
    tables = [
        source.chosen,
        _MEANS,
        *(_tied("means", "value", _GROUP, _tolerance(tie, source.origin), "tied") if ranked else []),
        pairs,
    ]
    if ranked:
        tables.append(f"""ranks AS (
  SELECT {keys}, {_mean_rank(keys, "x")}, {_mean_rank(keys, "y")}
  FROM pairs
)""")
    return f"""{_with(*tables)}
SELECT {keys}, count(*) AS n,
  CASE WHEN min(x) < max(x) AND min(y) < max(y) THEN corr(x, y) END AS correlation
FROM {"ranks" if ranked else "pairs"}
GROUP BY {keys}
ORDER BY {keys}"""


def _precedes(names: Sequence[str]) -> str:
    """Whether the values of ``a`` come before those of ``b``, the first column first."""
    return " OR ".join(
        " AND ".join([*(f"a.{equal} = b.{equal}" for equal in names[:i]), f"a.{name} < b.{name}"])
        for i, name in enumerate(names)
    )


def _mean_rank(keys: str, column: str) -> str:
    """Rank of a column within a pair, the mean of their ranks for those that tie."""
    return (
        f"rank() OVER (PARTITION BY {keys} ORDER BY {column}) "
        f"+ (count(*) OVER (PARTITION BY {keys}, {column}) - 1) / 2E0 AS {column}"
    )


def _front(
    source: _Relations, *, cost: str, runs: str | None = None, maximise: bool = True, tie: float | None = None
) -> str:
    if source.runs is None:
        msg = f"a front needs the costs of the runs: pass a store, or the table that holds them with runs=, got runs={runs!r}"
        raise InvalidArgumentError(msg)
    if source.costs is not None and cost not in source.costs:
        raise UnknownNameError.of("cost", cost, source.costs)
    cost = source.translator.name(cost)
    keys = _listing(_GROUP)
    better = "DESC" if maximise else "ASC"
    tables = [
        source.chosen,
        _MEANS,
        f"""costs AS (
  SELECT benchmark, dataset, schedule, arch, avg({cost}) AS cost
  FROM {source.runs} WHERE {cost} IS NOT NULL GROUP BY benchmark, dataset, schedule, arch
)""",
        """candidates AS (
  SELECT means.*, costs.cost FROM means JOIN costs ON means.benchmark = costs.benchmark
    AND means.dataset = costs.dataset AND means.schedule = costs.schedule AND means.arch = costs.arch
)""",
        *_tied("candidates", "value", _GROUP, _tolerance(tie, source.origin), "gain"),
        f"""levels AS (
  SELECT {keys}, gain, min(cost) AS least FROM gain_values GROUP BY {keys}, gain
)""",
        f"""steps AS (
  SELECT *, min(least) OVER (PARTITION BY {keys} ORDER BY gain {better} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM levels
)""",
    ]
    join = " AND ".join(f"gain_values.{name} = steps.{name}" for name in [*_GROUP, "gain"])
    shown = _listing([f"gain_values.{name}" for name in _GROUP])
    return f"""{_with(*tables)}
SELECT {shown}, gain_values.arch, gain_values.value, gain_values.cost AS {cost}
FROM gain_values JOIN steps ON {join}
WHERE gain_values.cost = steps.least AND (steps.before IS NULL OR steps.least < steps.before)
ORDER BY {shown}, gain_values.value {better}, gain_values.cost, gain_values.arch"""


_QUESTIONS: Final[dict[str, Callable[..., str]]] = {
    "means": _means,
    "curves": _curves,
    "best": _best,
    "ranks": _ranks,
    "correlation": _correlation,
    "ecdf": _ecdf,
    "front": _front,
}
