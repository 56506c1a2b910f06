"""When a new version is worse than the current one."""

import pytest

from serving.lock import Lock
from training.release.metrics import worse

DIGEST = "0" * 64


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {"accuracy": 0.1}),
        ({"accuracy": 0.95}, {"accuracy": 0.94}),
        ({"rmse": 50.0}, {"rmse": 50.9}),
        ({"rmse": 50.0}, {"rmse": 20.0}),
        ({"rmse": 0.0}, {"rmse": 1e-6}),
        ({"r2": -1.0}, {"r2": -1.01}),
        ({"rows": 30.0}, {"rows": 10.0}),
    ],
)
def test_no_worse(before: dict[str, float], now: dict[str, float]) -> None:
    assert worse(now, Lock(3, DIGEST, 1, before)) == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"accuracy": 0.95}, {"accuracy": 0.92}),
        ({"accuracy": 0.95}, {}),
        ({"recall_sick": 0.9}, {"recall_sick": 0.8}),
        ({"mse_96": 0.37}, {"mse_96": 0.38}),
        ({"mae_of_mean": 220.0}, {}),
        ({"spearman": 0.82}, {"spearman": 0.79}),
        ({"rmse": 50.0}, {"rmse": 51.1}),
        ({"rmse": 0.0}, {"rmse": 0.001}),
        ({"mae": 1.0}, {}),
        ({"r2": 0.4}, {"r2": float("nan")}),
        ({"r2": -1.0}, {"r2": -1.1}),
        ({"log_loss": 0.1}, {"log_loss": float("nan")}),
    ],
)
def test_worse(before: dict[str, float], now: dict[str, float]) -> None:
    (line,) = worse(now, Lock(3, DIGEST, 1, before))
    (name,) = before
    assert line == f"{name} is {now.get(name)}, in version 3 it was {before[name]:g}"


def test_tolerance_is_a_share() -> None:
    current = Lock(3, DIGEST, 1, {"accuracy": 0.9})
    assert worse({"accuracy": 0.8}, current, tolerance=0.2) == []
    assert worse({"accuracy": 0.8}, current, tolerance=0.1) != []
