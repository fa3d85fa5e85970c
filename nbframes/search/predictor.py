"""How well a predictor ranks architectures, by the number that it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.numerics.kendall import tau_b

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


class Predictor(Protocol):
    """What scikit-learn calls a regressor."""

    def fit(self, features: Any, values: Any, /) -> Any:
        """Learn from some architectures."""

    def predict(self, features: Any, /) -> Any:
        """Predict values of others."""


def score_predictor(
    predictor: Callable[[], Predictor],
    features: ArrayLike,
    values: ArrayLike,
    /,
    *,
    sizes: Sequence[int],
    trials: int = 10,
    groups: Sequence[Any] | pl.Series | None = None,
    precision: float = 0.1,
    seed: int = 0,
) -> pl.DataFrame:
    """Rank correlation of a predictor with the truth, over numbers of training architectures.

    Parameters
    ----------
    predictor
        Makes a fresh regressor with ``fit`` and ``predict``, for example ``lambda: Ridge()``; called for each trial.
    features
        Array of shape (architectures, features), as the ``features`` of a space gives it.
    values
        What to predict, for each architecture; not NaN.
    sizes
        Numbers of training architectures.
    trials
        Random training sets of each size.
    groups
        What must not be parted, for example ``space.hash(column)``: no group has members on both sides, so that
        isomorphic architectures do not leak. Members of the training set's groups that are not drawn are left out.
    precision
        To what predictions are rounded for the sparse correlation, in the unit of the values.
    seed
        Of the training sets.

    Returns
    -------
    DataFrame
        One row for each size and trial: ``size``, ``trial``, ``test`` (architectures judged), ``kendall`` (tau-b),
        ``sparse_kendall`` (tau-b of predictions rounded to ``precision``), ``rmse``. A correlation is null where the
        predictions are all the same.

    Raises
    ------
    InvalidArgumentError
        If shapes do not fit, or a size leaves nothing to train or to judge on.

    Notes
    -----
    The sparse correlation ignores changes of rank within 0.1 percent of accuracy, which is less than the noise of seeds.

    References
    ----------
    Yu et al., "Evaluating the Search Phase of Neural Architecture Search", ICLR 2020; Siems et al., "NAS-Bench-301", 2020.

    Examples
    --------
    >>> import nbframes as nbf, numpy as np
    >>> class Least:
    ...     def fit(self, x, y):
    ...         self.weights = np.linalg.lstsq(x, y)[0]
    ...
    ...     def predict(self, x):
    ...         return x @ self.weights
    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> nbf.search.score_predictor(Least, x, x @ [1, 2, 3], sizes=[50], trials=2)["kendall"].round(6).to_list()
    [1.0, 1.0]
    """
    x, y = np.asarray(features), np.asarray(values, np.float64)
    if x.ndim != 2 or y.shape != x.shape[:1] or np.isnan(y).any():
        msg = f"features of shape (n, d) go with n values that are numbers, but got {x.shape} and {y.shape}"
        raise InvalidArgumentError(msg)
    group = np.arange(len(y)) if groups is None else _numbered(groups, len(y))
    if trials < 1 or precision <= 0:
        msg = f"trials should be 1 or more and precision positive, not {trials!r} and {precision!r}"
        raise InvalidArgumentError(msg)
    rows = []
    for size in sizes:
        for trial in range(trials):
            rng = np.random.default_rng((seed, size, trial))
            train, test = _parted(group, size, rng)
            fitted = predictor()
            fitted.fit(x[train], y[train])
            predicted = np.asarray(fitted.predict(x[test]), np.float64).reshape(-1)
            rows.append({"size": size, "trial": trial, "test": len(test)} | _scores(predicted, y[test], precision))
    return pl.DataFrame(rows, infer_schema_length=None)


def _numbered(groups: Sequence[Any] | pl.Series, n: int) -> NDArray[np.int64]:
    column = groups if isinstance(groups, pl.Series) else pl.Series(list(groups))
    if len(column) != n:
        msg = f"groups should have a member for each of {n} architectures, not {len(column)}"
        raise InvalidArgumentError(msg)
    return column.rank("dense").to_numpy().astype(np.int64)


def _parted(
    group: NDArray[np.int64], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Training architectures, and those of no group that one of them belongs to."""
    if not 1 <= size < len(group):
        msg = f"a training size should lie between 1 and {len(group) - 1}, not be {size!r}"
        raise InvalidArgumentError(msg)
    train = rng.permutation(len(group))[:size]
    test = np.flatnonzero(~np.isin(group, group[train]))
    if len(test) < 2:
        msg = f"{size} training architectures leave fewer than two of other groups to judge on"
        raise InvalidArgumentError(msg)
    return train, test


def _scores(predicted: Floats, truth: Floats, precision: float) -> dict[str, float | None]:
    return {
        "kendall": _kendall(predicted, truth),
        "sparse_kendall": _kendall(np.round(predicted / precision), truth),
        "rmse": float(np.sqrt(np.mean((predicted - truth) ** 2))),
    }


def _kendall(x: Floats, y: Floats) -> float | None:
    first, second = (np.unique(values, return_inverse=True)[1].astype(np.uint32)[None] for values in (x, y))
    tau = float(tau_b(first, second)[0])
    return None if np.isnan(tau) else tau
