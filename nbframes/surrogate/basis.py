"""Learning curves as a few numbers each: the last value, and how the curve came there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHAPES: Final = 4
"""Shapes beyond the mean curve of a last value; more of them are noise of single epochs, which no architecture predicts."""


class Basis(NamedTuple):
    """Curves as ``offset + coefficients @ weights``; the first coefficient is the value at the last budget, and decides it alone."""

    offset: Floats
    """Of each budget, shape (budgets,); 0 at the last."""
    weights: Floats
    """Shape (coefficients, budgets); at the last budget 1 for the first coefficient, 0 for the others."""

    @classmethod
    def proportional(cls, budgets: Sequence[int]) -> Self:
        """Curves that grow evenly with the budget, such as the time of epochs of equal length; of one budget, its value."""
        return cls(np.zeros(len(budgets)), np.asarray([budgets], dtype=np.float64) / budgets[-1])

    @classmethod
    def of_curves(cls, curves: Floats) -> Self:
        """Basis of measured curves, shape (runs, budgets): each budget by a line in the last value, then the main shapes of what is left."""
        last = curves[:, -1]
        mean, centred = curves.mean(axis=0), last - last.mean()
        spread = float(centred @ centred)
        slope = centred @ (curves - mean) / spread if spread else np.zeros(curves.shape[1])
        offset = mean - slope * last.mean()
        slope[-1], offset[-1] = 1.0, 0.0
        left = curves - offset - np.outer(last, slope)
        _, shapes = np.linalg.eigh(left.T @ left)
        main = shapes[:, ::-1][:, : min(SHAPES, curves.shape[1] - 1)].T.copy()
        main[:, -1] = 0.0
        return cls(offset, np.vstack([slope, main]))

    def coefficients(self, curves: Floats) -> Floats:
        """Coefficients of curves, shape (runs, coefficients)."""
        left = curves - self.offset - np.outer(curves[:, -1], self.weights[0])
        return np.column_stack([curves[:, -1], left @ self.weights[1:].T])

    def curves(self, coefficients: Floats, positions: Sequence[int] | slice = slice(None)) -> Floats:
        """Values at the budgets in these positions, shape (..., budgets), of coefficients of shape (..., coefficients)."""
        found: Floats = coefficients @ self.weights[:, positions]
        found += self.offset[positions]
        return found

    def to_dict(self) -> dict[str, Any]:
        """As JSON writes it."""
        return {"offset": self.offset.tolist(), "weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, written: dict[str, Any]) -> Self:
        """Read what `to_dict` gave."""
        return cls(np.asarray(written["offset"], np.float64), np.asarray(written["weights"], np.float64))
