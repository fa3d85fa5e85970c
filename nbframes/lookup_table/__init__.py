"""Dense arrays for search loops: one value in well under a microsecond, arrays of them in nanoseconds each."""

from __future__ import annotations

from typing import Literal

import polars as pl

from nbframes import expr
from nbframes.errors import FrameError
from nbframes.lookup_table.table import Lookup
from nbframes.store import Store

__all__ = ["Lookup", "lookup"]


def lookup(
    results: pl.LazyFrame | pl.DataFrame | Store,
    /,
    *,
    dataset: str,
    split: str,
    metric: str = "accuracy",
    benchmark: str | None = None,
    schedule: int | Literal["full"] | None = None,
    final: bool = False,
) -> Lookup:
    """Look up single values of one metric by architecture, seed and budget.

    Nothing is read until the first value is asked for.

    Parameters
    ----------
    results
        Results in long format, or a store.
    dataset, split, metric
        Which values. The validation split of ``cifar10`` is that of the runs that held half of it out, ``cifar10-valid``, in
        benchmarks that have it from them alone; see `nbframes.on`.
    benchmark
        Which benchmark, where ``results`` holds several.
    schedule
        Which training schedule in epochs, where there are several; ``"full"`` for the published benchmark's own.
    final
        Whether to hold only the last published value of each run: much less to read.

    Returns
    -------
    Lookup
        A view of shape (architectures, seeds, budgets).

    Raises
    ------
    UnknownNameError
        If a name is not in the results, when the first value is asked for.
    FrameError
        If benchmark or schedule are left open and there are several.

    Examples
    --------
    >>> import nbframes as nbf
    >>> accuracy = nbf.lookup(nbf.published.store(), benchmark="nats-tss", dataset="cifar100", split="val", schedule=200)
    >>> round(accuracy.value(9930, 777, 200), 2), round(accuracy.mean(9930, 200), 4)
    (73.52, 73.4933)
    >>> accuracy.values([0, 1, 2], 777, 200).shape
    (3,)
    >>> round(accuracy.time(9930, 777, 200))
    5869
    """
    if not isinstance(results, (Store, pl.DataFrame, pl.LazyFrame)):
        msg = f"lookup takes results or a store, not {type(results).__name__}; open a path with nbf.open_store(path)"
        raise FrameError(msg)
    frame = results.scan(*([benchmark] if benchmark else [])) if isinstance(results, Store) else results.lazy()
    if benchmark is not None:
        frame = frame.filter(pl.col("benchmark") == benchmark)
    if schedule == "full":
        frame = frame.filter(expr.schedule("full"))
    elif schedule is not None:
        frame = frame.filter(expr.schedule(schedule))
    single = tuple(name for name, given in (("benchmark", benchmark), ("schedule", schedule)) if given is None)
    return Lookup(frame, dataset=dataset, split=split, metric=metric, final=final, undecided=single)
