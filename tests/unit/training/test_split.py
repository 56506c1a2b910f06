"""Splits: which rows are held out."""

import numpy as np

from training import split


def test_every_row_is_on_one_side_and_a_fifth_is_held_out() -> None:
    rows = split.hold_out(np.arange(100) % 2)
    assert sorted([*rows.train, *rows.held_out]) == list(range(100))
    assert len(rows.held_out) == 20


def test_classes_keep_their_shares() -> None:
    targets = np.repeat([0, 1, 2], [60, 30, 10])
    rows = split.hold_out(targets)
    assert np.bincount(targets[rows.held_out]).tolist() == [12, 6, 2]


def test_each_fifth_of_a_value_keeps_its_share() -> None:
    targets = np.random.default_rng(3).exponential(size=500)
    held_out = targets[split.hold_out(targets).held_out]
    fifths = np.digitize(held_out, np.quantile(targets, [0.2, 0.4, 0.6, 0.8]))
    assert np.bincount(fifths).tolist() == [20, 20, 20, 20, 20]


def test_same_seed_gives_the_same_split_and_another_another() -> None:
    targets = np.arange(100) % 2
    first, again, other = (split.hold_out(targets, seed).held_out for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()
