"""How good a model is on rows that it has not seen, each figure with its 95 % interval.

Everything here takes answers and targets as arrays and knows no framework.  Shares get Wilson's
interval, which is right for few rows and for 100 % too; the rest is bootstrapped over the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata, spearmanr

from serving.types import Array, JsonObject
from training import split
from training.split import Split

_Z = 1.959964  # the normal quantile of a two-sided 95 % interval
_RESAMPLES = 1000
_DIGITS = 6
_SMALLEST = 1e-15


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric on held-out rows, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


Figures = dict[str, Figure]
Metric = Callable[[Array, Array], float]


def classification(probabilities: Array, targets: Array, labels: Sequence[str]) -> Figures:
    """Accuracy, log loss and Brier score of probabilities (N, C).

    Of two classes, also the AUC and which share of each is found, as `recall_<label>`.
    """
    hits = probabilities.argmax(axis=1) == targets
    figures = {"accuracy": accuracy(probabilities, targets)}
    metrics: dict[str, Metric] = {"log_loss": log_loss, "brier": _brier}
    if len(labels) == 2:
        metrics["auc"] = _auc
        for number, label in enumerate(labels):
            figures[f"recall_{label}"] = _share(hits[targets == number])
    return {**figures, **_bootstrapped(metrics, probabilities, targets)}


def accuracy(probabilities: Array, targets: Array) -> Figure:
    """The share of rows whose true class is the likeliest."""
    return _share(probabilities.argmax(axis=1) == targets)


def regression(values: Array, targets: Array) -> Figures:
    """R2, mean absolute and root mean squared error of values (N,), in the target's unit."""
    return _bootstrapped({"r2": _r2, "mae": _mae, "rmse": _rmse}, values, targets)


def similarity(cosines: Array, judged: Array) -> Figures:
    """How cosines (N,) go with what people judged: the correlation of ranks, and the plain one."""
    return _bootstrapped({"spearman": _spearman, "pearson": _pearson}, cosines, judged)


def log_loss(probabilities: Array, targets: Array) -> float:
    """The mean negative logarithm of what the true class was given."""
    of_truth = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    return float(-np.log(of_truth.clip(_SMALLEST)).mean())


def other_splits(
    metric: str, score: Callable[[Split], float], targets: Array, splits: int
) -> JsonObject:
    """The same figure on further splits, with the seeds after the first: was that one lucky?"""
    seeds = range(split.SEED + 1, split.SEED + 1 + splits)
    scores = [score(split.hold_out(targets, seed)) for seed in seeds]
    return {
        "metric": metric,
        "splits": splits,
        "mean": round(float(np.mean(scores)), _DIGITS),
        "lowest": round(float(min(scores)), _DIGITS),
        "highest": round(float(max(scores)), _DIGITS),
    }


def values(figures: Figures) -> dict[str, float]:
    """The figures alone, as a manifest's `metrics`."""
    return {name: figure.value for name, figure in figures.items()}


def intervals(figures: Figures) -> dict[str, list[float]]:
    """The ends of the intervals alone."""
    return {name: [figure.low, figure.high] for name, figure in figures.items()}


def _figure(value: float, low: float, high: float) -> Figure:
    return Figure(*(round(float(number), _DIGITS) for number in (value, low, high)))


def _share(hits: Array) -> Figure:
    n, share = len(hits), float(hits.mean())
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return _figure(share, max(centre - half, 0.0), min(centre + half, 1.0))


def _bootstrapped(metrics: dict[str, Metric], answers: Array, targets: Array) -> Figures:
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(targets), (_RESAMPLES, len(targets)))
    figures = {}
    for name, metric in metrics.items():
        resampled = [metric(answers[rows], targets[rows]) for rows in draws]
        low, high = np.nanquantile(resampled, [0.025, 0.975])
        figures[name] = _figure(metric(answers, targets), low, high)
    return figures


def _brier(probabilities: Array, targets: Array) -> float:
    truth = np.eye(probabilities.shape[1])[targets]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def _auc(probabilities: Array, targets: Array) -> float:
    """The share of pairs, one of each class, that are ranked right; NaN without such a pair."""
    second = targets == 1
    found, others = int(second.sum()), int((~second).sum())
    if not found * others:
        return float("nan")
    above = rankdata(-probabilities[:, 0])[second].sum() - found * (found + 1) / 2
    return float(above / (found * others))


def _r2(values: Array, targets: Array) -> float:
    return float(1 - ((targets - values) ** 2).sum() / ((targets - targets.mean()) ** 2).sum())


def _mae(values: Array, targets: Array) -> float:
    return float(np.abs(targets - values).mean())


def _rmse(values: Array, targets: Array) -> float:
    return float(np.sqrt(((targets - values) ** 2).mean()))


def _spearman(values: Array, targets: Array) -> float:
    return float(spearmanr(values, targets).statistic)


def _pearson(values: Array, targets: Array) -> float:
    return float(np.corrcoef(values, targets)[0, 1])
