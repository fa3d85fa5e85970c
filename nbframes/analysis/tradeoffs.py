"""What trade-offs are made of: each architecture's mean value beside its costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.analysis.best import best_archs
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import polars as pl

    from nbframes.analysis._costs import CostRule
    from nbframes.analysis._frames import Frame
    from nbframes.analysis._options import Names

_ALL: Final = 2**32 - 1


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
    frame
        Results in long format; rows whose value is null or NaN are left out.
    runs
        Costs of the runs, as `nbframes.scan_runs` gives them.
    metrics
        Results of other metrics in long format, such as attached ones: each metric becomes a cost column of its name, the
        mean over its seeds, matched by ``arch`` and, where both frames have them, by ``benchmark`` and ``dataset``.
    value
        Column to take the place of ``value``, such as a cost or a metric of a wide frame; its name says which metric it is.
    by, over, costs, maximise
        As for `best_archs`.
    tie
        Gap between neighbours in sorted order from which they count as different; smaller ones are ties. By default what
        the metric of each row states: 1e-5 percent for accuracies, 0 for a metric that is not registered.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by ``by``, ``rank`` and ``arch``: the columns of ``by``, ``rank``, ``arch``, ``value``, ``runs`` (rows of the
        frame behind the value), ``n`` (architectures of the group) and the costs: ``params`` (count), ``mflops`` (millions),
        ``latency`` and ``train_time`` (seconds), null where ``runs`` has none.

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
