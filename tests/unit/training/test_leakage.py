"""Leakage: rows that are in both parts, and errors that tell which."""

import numpy as np
from sklearn.metrics import roc_auc_score

from training import leakage


def test_rows_of_both_parts_are_counted() -> None:
    seen = np.arange(12.0).reshape(4, 3)
    unseen = np.concatenate([seen[1:3], seen[:1] + 0.5])
    assert leakage.duplicates(seen, unseen) == 2


def test_membership_is_the_area_under_the_curve_of_small_losses() -> None:
    rng = np.random.default_rng(0)
    seen, unseen = rng.normal(1.0, 1, 300).round(1), rng.normal(1.5, 1, 200).round(1)
    expected = roc_auc_score(np.repeat([1, 0], [300, 200]), -np.concatenate([seen, unseen]))
    assert abs(leakage.membership(seen, unseen) - expected) < 1e-4
    assert leakage.membership(np.zeros(5), np.zeros(7)) == 0.5
