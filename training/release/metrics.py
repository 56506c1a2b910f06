"""Is a model worse than the version that it is to follow?

Only figures whose good direction is known are compared; whatever else a manifest states is left
alone.
"""

from serving.lock import Lock

# How much worse a metric may be than it was, as a share of what it was.
TOLERANCE = 0.02
# Metrics are stated in six digits, so one that was 0 may come out as this.
_NOISE = 1e-6

HIGHER_IS_BETTER = frozenset(
    {"accuracy", "balanced_accuracy", "auc", "f1", "r2", "sensitivity", "specificity"}
    | {"spearman", "pearson", "better_than_naive"}
)
LOWER_IS_BETTER = frozenset({"rmse", "mae", "mse", "log_loss", "brier"})
# One for every class or horizon: `recall_setosa`, `mse_96`.
HIGHER_IS_BETTER_OF_EACH = ("recall_", "precision_", "f1_")
LOWER_IS_BETTER_OF_EACH = ("mse_", "mae_", "rmse_")


def worse(metrics: dict[str, float], current: Lock, tolerance: float = TOLERANCE) -> list[str]:
    """The metrics that are worse than the current version's, a line each."""
    return [
        f"{name} is {metrics.get(name)}, in version {current.version} it was {before:g}"
        for name, before in current.metrics.items()
        if _is_worse(name, metrics.get(name), before, tolerance)
    ]


def _is_worse(name: str, now: float | None, before: float, tolerance: float) -> bool:
    """A metric that vanished is worse, and so is NaN."""
    allowed = max(tolerance * abs(before), _NOISE)
    if name in HIGHER_IS_BETTER or name.startswith(HIGHER_IS_BETTER_OF_EACH):
        return now is None or not now >= before - allowed
    if name in LOWER_IS_BETTER or name.startswith(LOWER_IS_BETTER_OF_EACH):
        return now is None or not now <= before + allowed
    return False
