"""Shapley values: how much each player adds to what all of them reach together.

A game is given by its worth: a function from coalitions, BOOL (M, n), to numbers FP64 (M,).

L. S. Shapley, A Value for n-Person Games, 1953; for the answers of models, Strumbelj and Kononenko,
An Efficient Explanation of Individual Classifications using Game Theory, JMLR 11, 2010, and
Explaining prediction models and individual predictions with feature contributions, KAIS 41, 2014.
"""

from collections.abc import Callable
from math import factorial

import numpy as np

from serving.types import Array

Worth = Callable[[Array], Array]


def exact(worth: Worth, players: int) -> Array:
    """The Shapley values FP64 (n,) by enumeration of all 2^n coalitions.

        phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S with i) - v(S))

    (Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, 2017, equation 4.)
    They add up to v(all) - v(none).
    """
    masks = (np.arange(2**players)[:, None] >> np.arange(players)) % 2 == 1
    values = worth(masks)
    before = [
        factorial(size) * factorial(players - size - 1) / factorial(players)
        for size in range(players)
    ]
    # A coalition of size s counts for each member as "S with i", for each other player as "S".
    size = masks.sum(axis=1)
    with_player = np.array([0.0, *before])[size][:, None]
    without_player = np.array([*before, 0.0])[size][:, None]
    shares: Array = (values - values[0]) @ np.where(masks, with_player, -without_player)
    return shares


def permutations(worth: Worth, players: int, pairs: int, seed: int) -> tuple[Array, Array]:
    """Estimates (n,) of the Shapley values and their standard errors (n,), from drawn orders.

    In an order of the players each adds to those before it; a Shapley value is the mean over all
    orders (Castro, Gomez and Tejada, Polynomial calculation of the Shapley value based on sampling,
    2009).  Every order is taken backwards as well: the two err to opposite sides, so their mean
    errs less (Mitchell, Cooper, Frank and Holmes, Sampling Permutations for Shapley Value
    Estimation, JMLR 23, 2022, section 2.3).  The same seed gives the same estimates, and every
    order's additions, so the estimates too, add up to v(all) - v(none).
    """
    generator = np.random.default_rng(seed)
    orders = generator.permuted(np.tile(np.arange(players), (pairs, 1)), axis=1)
    ranks = orders.argsort(axis=1)
    joined = ranks[:, None, :] < np.arange(players + 1)[:, None]  # (pairs, n + 1, n)
    # Backwards, the first k are all but the forward order's first n - k.
    values = worth(np.concatenate([joined, ~joined]).reshape(-1, players))
    forward, backward = values.reshape(2, pairs, players + 1)
    added = (np.diff(forward, axis=1) - np.diff(backward, axis=1)) / 2
    additions = np.take_along_axis(added, ranks, axis=1)
    errors: Array = additions.std(axis=0, ddof=1) / np.sqrt(pairs)
    return additions.mean(axis=0), errors
