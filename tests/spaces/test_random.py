"""What all spaces take as a number of architectures and as a seed."""

from __future__ import annotations

import random

import numpy as np
import pytest
from polars.testing import assert_frame_equal

from nbframes.errors import InvalidArgumentError
from nbframes.spaces import darts, nb101, sss, tss

SPACES = [darts, nb101, sss, tss]


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("n", [-1, 2.5, "3", None, True])
def test_only_whole_numbers_can_be_sampled(space, n):
    with pytest.raises(InvalidArgumentError, match="whole number"):
        space.sample(n, seed=0)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("seed", ["a", 1.5, -1])
def test_a_seed_that_is_none_is_named(space, seed):
    with pytest.raises(InvalidArgumentError, match="seed should be"):
        space.sample(2, seed=seed)
    one = space.sample(1, seed=0)["arch_str"]
    for given in (one.item(), one):
        with pytest.raises(InvalidArgumentError, match="seed should be"):
            space.mutate(given, seed=seed)


@pytest.mark.parametrize("space", SPACES)
def test_the_global_random_state_is_neither_read_nor_moved(space):
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002  the state that others share
    samples = [space.sample(np.int64(3), seed=7) for _ in range(2)]
    assert_frame_equal(*samples)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states  # noqa: NPY002
