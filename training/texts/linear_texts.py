"""Linear classifiers of bags of n-grams, fitted by scikit-learn's LinearSVC.

    machine = fit(matrix, targets, importance, slack=1.0)
    probabilities = answers(machine, matrix)

A machine's weights hold everything: the importance of the features that it was fitted with and the
sharpness that makes its scores probabilities are multiplied into them.
"""

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, diags
from scipy.special import log_softmax, softmax
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.svm import LinearSVC

from serving.types import Array
from training.texts import bags
from training.texts.bags import Table

_TOLERANCE = 1e-3
_SHARPEST = 100.0
_LEFT_OUT = 0.1
_RIDGE = 1.0

Importance = Callable[[csr_matrix, Array], Array]


def rarity(matrix: csr_matrix, targets: Array) -> Array:
    """Features (F,) that few texts have tell more: the logarithm of their inverse frequency."""
    frequency = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return np.log((1 + matrix.shape[0]) / (1 + frequency)) + 1


def contrast(matrix: csr_matrix, targets: Array) -> Array:
    """How much likelier (F,) a feature is in one of two classes: the size of its log ratio.

    Read: S. Wang, C. Manning, Baselines and Bigrams, ACL 2012.
    """
    counts = [
        1 + np.bincount(matrix[targets == label].indices, minlength=matrix.shape[1])
        for label in (0, 1)
    ]
    shares = [count / count.sum() for count in counts]
    return np.abs(np.log(shares[1] / shares[0]))


def fit(
    matrix: csr_matrix, targets: Array, importance: Array, slack: float, seed: int
) -> LinearSVC:
    """A machine for rows (N, F) of a bag, whose features weigh as they are important."""
    machine = LinearSVC(C=slack, tol=_TOLERANCE, random_state=seed)
    machine.fit(matrix @ diags(importance), targets)
    machine.coef_ = machine.coef_ * importance
    return machine


def choose(
    matrix: csr_matrix, targets: Array, important: Importance, slacks: Sequence[float], seed: int
) -> tuple[float, float]:
    """The best slack by accuracy on a tenth of the rows, and the sharpness that suits it there."""
    rows, left_out = train_test_split(
        np.arange(len(targets)), test_size=_LEFT_OUT, random_state=seed, stratify=targets
    )
    importance = important(matrix[rows], targets[rows])
    machines = [fit(matrix[rows], targets[rows], importance, slack, seed) for slack in slacks]
    scores = [machine.score(matrix[left_out], targets[left_out]) for machine in machines]
    best = int(np.argmax(scores))
    return slacks[best], sharpness(machines[best], matrix[left_out], targets[left_out])


def refit(
    machine: LinearSVC, matrix: csr_matrix, targets: Array, important: Importance
) -> LinearSVC:
    """The machine fitted anew, as slack and as sharp as it was, to rows with fewer features."""
    fresh = fit(matrix, targets, important(matrix, targets), machine.C, machine.random_state)
    return sharpened(fresh, machine.sharpness_)


def distil(machine: LinearSVC, matrix: csr_matrix, features: Array, importance: Array) -> LinearSVC:
    """A pupil with weights on these features only, by ridge regression on the machine's scores."""
    pupil = Ridge(alpha=_RIDGE, solver="lsqr", tol=_TOLERANCE)
    scores = machine.decision_function(matrix).reshape(matrix.shape[0], -1)
    pupil.fit(matrix[:, features] @ diags(importance[features]), scores)
    weights = np.zeros_like(machine.coef_)
    weights[:, features] = pupil.coef_.reshape(len(weights), -1) * importance[features]
    return _with(machine, weights, np.atleast_1d(pupil.intercept_))


def answers(machine: LinearSVC, matrix: csr_matrix) -> Array:
    """The probabilities (N, C)."""
    return softmax(_scores(machine, matrix), axis=1)


def sharpness(machine: LinearSVC, matrix: csr_matrix, targets: Array) -> float:
    """What to multiply the scores of rows that the machine has not seen by: least log loss."""
    scores, rows = _scores(machine, matrix), np.arange(len(targets))
    found = minimize_scalar(
        lambda beta: -log_softmax(beta * scores, axis=1)[rows, targets].mean(),
        bounds=(0, _SHARPEST),
        method="bounded",
    )
    return float(found.x)


def sharpened(machine: LinearSVC, beta: float) -> LinearSVC:
    """The machine with its scores multiplied."""
    sharper = _with(machine, machine.coef_ * beta, machine.intercept_ * beta)
    sharper.sharpness_ = beta
    return sharper


def table(machine: LinearSVC) -> Table:
    """The machine's weights for a graph."""
    share = _share(machine)
    return bags.table(machine.coef_.T * share, machine.intercept_ * share)


def holding(machine: LinearSVC, weights: Table) -> LinearSVC:
    """The machine with the weights of a graph, rounded or pruned as they may be."""
    share = _share(machine)
    bias = weights.bias.astype(np.float64)
    return _with(machine, weights.effective().T / share, bias / share)


def heaviest(machine: LinearSVC, share: float) -> Array:
    """The features, ascending, with the largest weights: this share of those with any."""
    weight = np.abs(machine.coef_).max(axis=0)
    keep = int((weight > 0).sum() * share)
    return np.sort(np.argsort(-weight, kind="stable")[:keep])


def only(matrix: csr_matrix, features: Array) -> csr_matrix:
    """The rows with these features left, each still divided by the root of all its features."""
    kept = np.zeros(matrix.shape[1])
    kept[features] = 1
    return (matrix @ diags(kept)).tocsr()


def _scores(machine: LinearSVC, matrix: csr_matrix) -> Array:
    scores = machine.decision_function(matrix)
    return np.stack([-scores, scores], axis=1) / 2 if scores.ndim == 1 else scores


def _share(machine: LinearSVC) -> float:
    """Of two classes each gets half of the one score."""
    return 0.5 if len(machine.coef_) == 1 else 1.0


def _with(machine: LinearSVC, weights: Array, bias: Array) -> LinearSVC:
    other = copy(machine)
    other.coef_, other.intercept_ = weights, bias
    return other
