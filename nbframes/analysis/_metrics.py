"""Which end of a metric is the better one, and which of its values tie: as benchmarks and stores say of their metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbframes import benchmarks
from nbframes.analysis._frames import constant
from nbframes.errors import InvalidArgumentError
from nbframes.expr.windows import check_tie
from nbframes.schema import TIE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from nbframes.numerics.ties import Ties

    Array = NDArray[np.float64]


class Rule(NamedTuple):
    """How values compare."""

    maximise: bool
    tie: float

    @classmethod
    def of_metric(cls, name: str, benchmark: str | None = None) -> Rule:
        """Rule of a metric by its name; of one that nobody registered the largest is best, and only equal values tie."""
        metric = benchmarks.find_metric(name, benchmark)
        return cls(metric is None or metric.better != "min", 0.0 if metric is None else metric.tie)


UNKNOWN = Rule(maximise=True, tie=TIE)
"""Rule of a column ``value`` whose metric the frame does not name: that of accuracies, as the expressions have."""


class Comparing(NamedTuple):
    """What the caller said of how values compare; the metric says the rest."""

    value: str
    """Column of the caller that is compared."""
    maximise: bool | None
    tie: float | None

    @classmethod
    def of(cls, value: str, maximise: bool | None, tie: float | None) -> Comparing:
        """Check what the caller said."""
        if maximise is not None and not isinstance(maximise, (bool, np.bool_)):
            msg = f"maximise should be True, False or None (as the metric says), not {maximise!r}"
            raise InvalidArgumentError(msg)
        return cls(value, maximise, None if tie is None else check_tie(tie))

    def rule(self, metric: str | None, benchmark: str | None = None) -> Rule:
        """Rule for values of one metric; of a column other than ``value`` the name is that of its metric."""
        if self.value != "value":
            own = Rule.of_metric(self.value, benchmark)
        else:
            own = UNKNOWN if metric is None else Rule.of_metric(metric, benchmark)
        return Rule(
            own.maximise if self.maximise is None else bool(self.maximise), own.tie if self.tie is None else self.tie
        )

    def ties(self, frame: pl.DataFrame, keys: Sequence[str], *, best_first: bool = True, which: bool = True) -> Ties:
        """Ties of the column ``value`` within each group: the best come first and NaN last, or the smallest.

        Without ``which`` nobody asks which rows tie: of a single group the values alone are sorted.
        """
        from nbframes.analysis._keys import numbered
        from nbframes.numerics.ties import Ties

        costs, tie = self.costs(frame)
        values, groups = costs if best_first else frame.get_column("value").to_numpy(), numbered(frame, keys)
        return Ties.of_values(values, tie) if not which and groups is None else Ties.of(values, tie, groups)

    def costs(self, frame: pl.DataFrame) -> tuple[Array, Array | float]:
        """Column ``value`` as costs, the smallest the best and NaN the last, and the least gap between two that do not tie.

        The gap is one number, or one for each row if the metrics of the frame differ in it.
        """
        import polars as pl

        values = frame.get_column("value").to_numpy()
        known = [name for name in ("benchmark", "metric") if name in frame.columns]
        if not known:
            rule = self.rule(None)
            return (-values if rule.maximise else values), rule.tie
        pairs = frame[known]
        distinct = pairs.head(1) if all(map(constant, pairs.iter_columns())) else pairs.unique()
        names = distinct.cast(pl.String).iter_rows(named=True)
        rules = [self.rule(name.get("metric"), name.get("benchmark")) for name in names]
        if len(set(rules)) <= 1:
            rule = rules[0] if rules else self.rule(None)
            return (-values if rule.maximise else values), rule.tie
        each = distinct.with_columns(
            sign=pl.Series([-1.0 if rule.maximise else 1.0 for rule in rules], dtype=pl.Float64),
            tie=pl.Series([rule.tie for rule in rules], dtype=pl.Float64),
        )
        of_rows = pairs.join(each, on=known, how="left", nulls_equal=True, maintain_order="left")
        return values * of_rows["sign"].to_numpy(), of_rows["tie"].to_numpy()
