"""What trade-offs are made of: each architecture's mean value beside its costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.analysis._described import described
from nbframes.analysis.best import best_archs
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import polars as pl

    from nbframes.analysis._costs import CostRule
    from nbframes.analysis._frames import Frame
    from nbframes.analysis._options import Names

_ALL: Final = 2**32 - 1


@described
def with_costs(
    frame: Frame,
    /,
    runs: pl.DataFrame | pl.LazyFrame | None = None,
    *,
    metrics: pl.DataFrame | pl.LazyFrame | None = None,
    value: str = "value",
    by: Names | None = None,
    over: Names | None = None,
    costs: CostRule = "mean",
    maximise: bool | None = None,
    tie: float | None = None,
) -> Frame:
    """Mean value of every architecture beside its costs: the wide table that fronts and scatter plots start from.

    Parameters
    ----------
    runs
        Costs of the runs, as `nbframes.scan_runs` gives them.
    metrics
        Results of other metrics in long format, such as attached hardware costs: each becomes a column.
    value, by, over, costs, maximise, tie
        As for `best_archs`.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by ``by``, ``rank`` and ``arch``: the columns of ``by``, ``rank``, ``arch``, ``value``, ``runs`` (rows of the
        frame behind the value), ``n`` (architectures of the group) and the costs: ``params`` (count), ``mflops`` (millions),
        ``latency`` and ``train_time`` (seconds), columns of your own, and a column for each metric of ``metrics``; null where
        an architecture has none.

    Raises
    ------
    FrameError, InvalidArgumentError
        As for `best_archs`.

    See Also
    --------
    pareto_front : The rows of this table that no other row dominates.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import with_costs
    >>> results = pl.DataFrame({"arch": [0, 0, 1, 2], "seed": [777, 888, 777, 777], "value": [93.0, 94.0, 94.5, 91.0]})
    >>> runs = pl.DataFrame({"arch": [0, 1, 2], "seed": [777] * 3, "params": [900_000, 1_400_000, 1_000_000]})
    >>> table = with_costs(results, runs)
    >>> nbf.pareto_front(table, maximise="value", minimise="params").select("arch", "value", "params").rows()
    [(1, 94.5, 1400000.0), (0, 93.5, 900000.0)]
    """
    if runs is None and metrics is None:
        msg = "with_costs needs costs: pass runs=nbf.scan_runs(), or metrics= with results of other metrics, or both"
        raise InvalidArgumentError(msg)
    return best_archs(
        frame,
        k=_ALL,
        value=value,
        by=by,
        runs=runs,
        metrics=metrics,
        costs=costs,
        maximise=maximise,
        tie=tie,
        over=over,
    )
