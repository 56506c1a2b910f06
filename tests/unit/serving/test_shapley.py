"""Shapley values: the axioms that define them hold, exactly or in the estimate."""

from itertools import permutations as orders

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serving.explain import shapley
from serving.types import Array

WORTHS = arrays(np.float64, 16, elements=st.floats(-1, 1))


def game(worths: Array) -> shapley.Worth:
    """The game of four players in which coalition number i, in binary, is worth `worths[i]`."""
    return lambda masks: worths[masks @ (1 << np.arange(4))]


def by_definition(worths: Array) -> list[float]:
    """The mean of what each player adds over all 24 orders."""
    added = np.zeros(4)
    for order in orders(range(4)):
        reached = 0
        for player in order:
            added[player] += worths[reached | 1 << player] - worths[reached]
            reached |= 1 << player
    return list(added / 24)


@given(WORTHS)
def test_enumeration_is_the_mean_over_all_orders(worths: Array) -> None:
    values = shapley.exact(game(worths), 4)
    assert values == pytest.approx(by_definition(worths), abs=1e-12)
    assert values.sum() == pytest.approx(worths[-1] - worths[0], abs=1e-12)


@given(WORTHS, st.integers(0, 9))
@settings(max_examples=30)
def test_drawn_orders_add_up_and_repeat(worths: Array, seed: int) -> None:
    values, errors = shapley.permutations(game(worths), 4, 8, seed)
    assert values.sum() == pytest.approx(worths[-1] - worths[0], abs=1e-12)
    again, _ = shapley.permutations(game(worths), 4, 8, seed)
    assert np.array_equal(values, again)
    assert (errors >= 0).all()


def test_drawn_orders_come_near_to_enumeration() -> None:
    worths = np.random.default_rng(5).uniform(size=16)
    values, errors = shapley.permutations(game(worths), 4, 4000, seed=0)
    assert values == pytest.approx(shapley.exact(game(worths), 4), abs=0.01)
    assert 0 < errors.max() < 0.01


def test_an_order_and_its_reverse_are_exact_for_pairs() -> None:
    """What only two players reach together is halved, by one order and its reverse already."""

    def pairwise(masks: Array) -> Array:
        return 1.0 * (masks[:, 0] & masks[:, 1]) - 3.0 * (masks[:, 2] & masks[:, 0])

    values, errors = shapley.permutations(pairwise, 3, 2, seed=1)
    assert values == pytest.approx([-1.0, 0.5, -1.5], abs=1e-12)
    assert errors == pytest.approx([0, 0, 0], abs=1e-12)


def test_nobody_plays() -> None:
    assert shapley.exact(lambda masks: np.ones(len(masks)), 0).shape == (0,)
