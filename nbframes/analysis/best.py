"""The best architectures, and whether two rankings agree on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.analysis._costs import CostRule, Costs
from nbframes.analysis._described import described
from nbframes.analysis._frames import answer
from nbframes.analysis._means import Rows, check_over
from nbframes.analysis._metrics import Comparing
from nbframes.errors import FrameError, InvalidArgumentError, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names
    from nbframes.analysis._pairs import Table


@described
def best_archs(
    frame: Frame,
    /,
    *,
    k: int = 1,
    value: str = "value",
    by: Names | None = None,
    runs: pl.DataFrame | pl.LazyFrame | None = None,
    metrics: pl.DataFrame | pl.LazyFrame | None = None,
    at_most: Mapping[str, float] | None = None,
    costs: CostRule = "mean",
    maximise: bool | None = None,
    tie: float | None = None,
    over: Names | None = None,
) -> Frame:
    """The k best architectures of each group by their mean value, under caps on their costs.

    Parameters
    ----------
    k
        How many; all that tie with the last of them come with it.
    value
        Column that is used, for example ``"train_time"``; the result calls it ``value``.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule, budget and seed (and config) that the frame has and ``over`` does not name.
    runs
        Costs of the runs, as `nbframes.scan_runs` gives them: the published ones and numeric columns of your own. Results take
        the cost of their own benchmark, dataset and schedule, of the columns that both frames have.
    metrics
        Results of other metrics in long format, such as attached hardware costs: each becomes a column, the mean over its
        seeds. Results take that of their own benchmark and dataset, of the columns that both frames have; those of
        ``cifar10-valid``, trained on half of CIFAR-10, take what was measured without training (split ``none``) on ``cifar10``.
    at_most
        Largest admissible costs by column of ``runs`` or metric of ``metrics``: ``params`` (count), ``mflops`` (millions),
        ``latency`` and ``train_time`` (seconds), or of your own. An architecture without that cost is left out.
    costs
        ``"mean"`` averages the costs of an architecture's runs. ``"upstream"`` is the rule of the official API of NATS-Bench
        and NAS-Bench-201: where runs disagree on ``params`` or ``mflops`` in the fifth decimal of a million, seed 888
        counts alone (an architecture that lacks it has no cost), and latencies that are not positive do not count.
    over
        Columns to average over, one after the other; by default ``"seed"`` if the frame has it.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by ``by``, ``rank`` and ``arch``: the columns of ``by``, ``rank``, ``arch``, ``value`` (the mean), ``runs``
        (rows of the frame behind it), ``n`` (architectures that were ranked), then the costs of ``runs`` and ``metrics``.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key (they would count as runs of their own), runs differ in a column of your own
        that no option names, ``runs`` or ``metrics`` has several costs for one row (of several datasets, say, of which the
        frame does not have the column), or unlike rows would be ranked together because ``by`` does not name the column that
        tells them apart. From a LazyFrame all but the first are raised when it is collected.
    InvalidArgumentError
        If ``k`` is less than 1, there are caps and no costs, or a cost has the name of a column of the result.

    Notes
    -----
    Means that tie share the best rank of the tie; the official ``find_best`` returns the
    lowest index of them, which is the first row here.

    References
    ----------
    X. Dong, L. Liu, K. Musial, B. Gabrys: NATS-Bench. TPAMI 2021; ``get_compute_costs`` in its package nats_bench.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 0, 1, 2], "seed": [777, 888, 777, 777], "value": [93.0, 94.0, 94.5, 91.0]})
    >>> nbf.best_archs(frame, k=2).rows()
    [(1, 1, 94.5, 1, 3), (2, 0, 93.5, 2, 3)]
    >>> runs = pl.DataFrame({"arch": [0, 1, 2], "seed": [777] * 3, "params": [900_000, 1_400_000, 400_000]})
    >>> nbf.best_archs(frame, runs=runs, at_most={"params": 1_000_000}).select("arch", "value", "params").rows()
    [(0, 93.5, 900000.0)]
    """
    k = whole_number("k", k, 1)
    caps, comparing = dict(at_most or {}), Comparing.of(value, maximise, tie)
    rows: Rows = Rows.of(frame, value=value, by=by, over=check_over(over), unit=["arch"])
    groups: Groups = rows.groups
    used = rows.keys
    beside: list[Costs] = (
        [] if runs is None else [Costs.of_runs(runs, used, [c for c in caps if metrics is None], costs)]
    )
    beside += [] if metrics is None else [Costs.of_metrics(metrics, used)]
    added: list[str] = [name for table in beside for name in table.columns]
    if unknown := [name for name in caps if name not in added]:
        msg = f"at_most={caps!r} needs the costs of the runs: pass runs=nbf.scan_runs()"
        raise (InvalidArgumentError(msg) if not beside else FrameError.missing_columns(unknown, added))
    taken: list[str] = [*rows.keys, *(name for name in added if added.count(name) > 1)]
    for asked in beside:
        asked.check(taken)

    given = rows.schema
    schema = {name: given[name] for name in groups.by} | {"rank": pl.UInt32()}
    schema |= {"arch": given["arch"], "value": pl.Float64(), "runs": pl.UInt32(), "n": pl.UInt32()}
    schema |= dict.fromkeys(added, pl.Float64())

    def best(table: pl.DataFrame) -> pl.DataFrame:
        import numpy as np

        means = rows.means(table)
        groups.check(means)
        for asked in beside:
            means = asked.beside(means)
        if caps:
            means = means.filter([pl.col(name) <= cap for name, cap in caps.items()])
        ties = comparing.ties(means, groups.keys)
        ranks, sizes = ties.ranks().astype(np.uint32), ties.sizes.astype(np.uint32)
        in_order, tie = ties.rows_of(ranks <= k)  # the means stand by architecture
        ranked = means[in_order].with_columns(pl.Series("rank", ranks[tie]), pl.Series("n", sizes[tie]))
        return ranked[list(schema)]

    return answer(frame, rows.frame, best, schema)


@described
def top_overlap(
    frame: Frame,
    /,
    between: Names,
    *,
    k: int | Sequence[int] = 10,
    relevant: float = 5.0,
    value: str = "value",
    by: Names | None = None,
    against: object = None,
    maximise: bool | None = None,
    tie: float | None = None,
    over: Names | None = None,
    on: Names = "arch",
) -> Frame:
    """How far two rankings agree on the best architectures: overlap@k and precision@k.

    Parameters
    ----------
    between
        Columns whose values are compared in pairs, as for `rank_correlation`.
    k
        How many of the best to compare, one number or several.
    relevant
        Percentage, in (0, 100], of the second ranking whose members count as found for the precision.
    value, by, against, maximise, tie, over, on
        As for `rank_correlation`.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each pair of values of ``between`` and each ``k``, sorted: the columns of ``by``; those of ``between``,
        ending in ``_a`` and ``_b``; ``k``; ``n``, the architectures that have both values; ``size_a`` and ``size_b``, how many
        are in the top k; ``common``, how many in both; ``overlap``, ``common / max(size_a, size_b)``; ``precision``, the share
        of the top k by a that are among the best ``relevant`` percent by b.

    Raises
    ------
    FrameError
        If a column is missing, there is no pair to compare, or unlike rows would be averaged because ``by`` does not
        name the column that tells them apart. From a LazyFrame all but the first are raised when it is collected.
    UnknownNameError
        If the frame does not have the value ``against``.
    InvalidArgumentError
        If a number is out of its range, or a column is named for two purposes.

    Notes
    -----
    Architectures that tie with the last of a top k belong to it, so that ``size_a`` and ``size_b`` can exceed k. Without ties the overlap is the share of the top k that both rankings have.
    Both measures are those by which zero-cost proxies are judged [1]_ (top-10 % against top-10 %, top-64 against top-5 %).

    References
    ----------
    .. [1] M. S. Abdelfattah, A. Mehrotra, L. Dudziak, N. D. Lane: Zero-cost proxies for lightweight NAS. ICLR 2021.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame(
    ...     {
    ...         "arch": [0, 1, 2, 3] * 2,
    ...         "budget": [12] * 4 + [200] * 4,
    ...         "value": [60.0, 70.0, 65.0, 80.0, 90.0, 91.0, 93.0, 94.0],
    ...     }
    ... )
    >>> nbf.top_overlap(frame, "budget", k=[1, 2], relevant=50).select("k", "common", "overlap", "precision").rows()
    [(1, 1, 1.0, 1.0), (2, 1, 0.5, 0.5)]
    """
    from nbframes.analysis._pairs import Pairs

    sizes = [whole_number("k", size, 1) for size in (k if isinstance(k, Iterable) else [k])]
    if not sizes or not 0 < relevant <= 100:
        msg = f"k should hold a number and relevant be a percentage in (0, 100], got k={k!r} and relevant={relevant!r}"
        raise InvalidArgumentError(msg)
    comparing = Comparing.of(value, maximise, tie)
    pairs = Pairs.of(frame, between, value=value, by=by, on=on, over=over, against=against)
    statistics: dict[str, Any] = dict.fromkeys(("k", "n", "size_a", "size_b", "common"), pl.UInt32())
    statistics |= dict.fromkeys(("overlap", "precision"), pl.Float64())
    return pairs.result(frame, lambda table: _overlaps(table, sorted(sizes), relevant, comparing), statistics)


def _overlaps(table: Table, sizes: Sequence[int], relevant: float, comparing: Comparing) -> pl.DataFrame:
    import numpy as np

    from nbframes.numerics.correlation import places
    from nbframes.numerics.kendall import MISSING

    maximise, ties = table.rules(comparing)
    code = places(table.values if maximise else -table.values, table.has, ties)
    rows = []
    for a, b in zip(table.first, table.second, strict=True):
        shared = (code[a] != MISSING) & (code[b] != MISSING)
        x, y = code[a][shared], code[b][shared]
        n = len(x)
        found = _top(y, int(np.ceil(n * (relevant / 100))))
        for k in sizes:
            top_a, top_b = _top(x, k), _top(y, k)
            size_a, size_b, common = top_a.sum(), top_b.sum(), (top_a & top_b).sum()
            overlap, precision = (
                (common / max(size_a, size_b), (top_a & found).sum() / size_a) if n else (np.nan, np.nan)
            )
            rows.append((k, n, size_a, size_b, common, overlap, precision))
    columns = ("k", "n", "size_a", "size_b", "common", "overlap", "precision")
    found_columns = dict(zip(columns, np.array(rows, dtype=np.float64).T, strict=True))
    return table.repeated(len(sizes)).rows(found_columns)


def _top(code: NDArray[Any], k: int) -> NDArray[Any]:
    """Which codes are among the k greatest, ties with the last of them included."""
    import numpy as np

    if k >= len(code):
        return np.ones(len(code), np.bool_)
    cut = np.partition(code, -k)[-k]
    top: NDArray[Any] = code >= cut
    return top
