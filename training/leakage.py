"""What a model gives away: training rows among the held-out ones, and who was trained on.

Membership inference is the simplest there is: a row that a model gets right by far was rather
trained on.  An AUC of 0.5 means that errors tell nothing.
"""

from hashlib import sha256

import numpy as np

from serving.types import Array

_DIGITS = 4


def duplicates(seen: Array, unseen: Array) -> int:
    """How many rows of `unseen` (N, ...) are, bit by bit, among those of `seen`."""
    known = {_digest(row) for row in seen}
    return sum(_digest(row) in known for row in unseen)


def membership(losses_seen: Array, losses_unseen: Array) -> float:
    """The AUC of telling training rows from others by their losses (N,), lower for the trained."""
    both = np.concatenate([losses_seen, losses_unseen])
    _, places, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # ties share their mean rank
    n, m = len(losses_seen), len(losses_unseen)
    below = ranks[n:].sum() - m * (m + 1) / 2
    return round(float(below / (n * m)), _DIGITS)


def _digest(row: Array) -> bytes:
    return sha256(np.ascontiguousarray(row).tobytes()).digest()
