"""Random draws with a seed of their own, never the state that other code shares."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    from nbframes.spaces.kinds import Seed


def generator(seed: Seed) -> np.random.Generator:
    """Random generator of a seed, or the one that was given.

    Raises
    ------
    InvalidArgumentError
        If ``seed`` is something else.
    """
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        msg = f"seed should be a whole number from 0, a numpy.random.Generator or None, not {seed!r}"
        raise InvalidArgumentError(msg) from error


def count(n: Any, noun: str, available: int | None = None) -> int:
    """Return how many to draw if that can be drawn: at most ``available`` if there is such a limit.

    Raises
    ------
    InvalidArgumentError
        If ``n`` is not a whole number of at least 0, or is too large.
    """
    try:
        number = -1 if isinstance(n, bool) else index(n)
    except TypeError:
        number = -1
    if number < 0:
        msg = f"the number of {noun} to sample should be a whole number from 0, not {n!r}"
        raise InvalidArgumentError(msg)
    if available is not None and number > available:
        msg = f"cannot draw {number} {noun} without replacement from {available}"
        raise InvalidArgumentError(msg)
    return number
