"""What the queries of searches side by side give."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Answer(NamedTuple):
    """What a query of each of n searches gives.

    Parameters
    ----------
    arch
        Numbers of the architectures in the store.
    values
        Observed objectives in their own units, shape (n, objectives).
    cost
        Seconds or evaluations that the query took.
    reported
        What is reported of each architecture.

    Examples
    --------
    >>> import nbframes as nbf, numpy as np
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
    >>> answer = problem.query(problem.space.encode(nbf.spaces.tss.from_index(7)), np.random.default_rng(0))
    >>> answer.arch.tolist(), answer.values.shape
    ([7], (1, 1))
    """

    arch: NDArray[np.int64]
    values: NDArray[np.float64]
    cost: NDArray[np.float64]
    reported: NDArray[np.float64]
