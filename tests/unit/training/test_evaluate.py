"""Figures: the same as scikit-learn's, with intervals that hold."""

import numpy as np
import pytest
from sklearn import metrics

from serving.types import Array
from training import evaluate
from training.split import Split


def answers(classes: int, rows: int = 60) -> tuple[Array, Array]:
    """Probabilities that are right more often than not, and the truth."""
    rng = np.random.default_rng(classes)
    targets = rng.integers(0, classes, rows)
    scores = rng.normal(size=(rows, classes)).round(1) + np.eye(classes)[targets]
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True), targets


def test_classification_figures_are_those_of_scikit_learn() -> None:
    probabilities, targets = answers(classes=3)
    figures = evaluate.values(evaluate.classification(probabilities, targets, ["a", "b", "c"]))
    assert figures == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(targets, probabilities.argmax(axis=1)),
            "log_loss": metrics.log_loss(targets, probabilities),
            "brier": metrics.brier_score_loss(targets, probabilities, scale_by_half=False),
        },
        abs=1e-6,
    )


def test_two_classes_have_an_auc_and_recalls() -> None:
    probabilities, targets = answers(classes=2)
    figures = evaluate.classification(probabilities, targets, ["sick", "well"])
    winners = probabilities.argmax(axis=1)
    assert figures["auc"].value == pytest.approx(
        metrics.roc_auc_score(targets == 0, probabilities[:, 0]), abs=1e-6
    )
    for number, label in enumerate(["sick", "well"]):
        expected = metrics.recall_score(targets, winners, pos_label=number)
        assert figures[f"recall_{label}"].value == pytest.approx(expected, abs=1e-6)


def test_ties_are_half_an_auc() -> None:
    targets = np.array([0, 1, 1, 0])
    tied = evaluate.classification(np.full((4, 2), 0.5), targets, ["sick", "well"])
    assert tied["auc"].value == 0.5


def test_regression_figures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    targets = rng.normal(100, 20, 80)
    values = targets + rng.normal(0, 10, 80)
    assert evaluate.values(evaluate.regression(values, targets)) == pytest.approx(
        {
            "r2": metrics.r2_score(targets, values),
            "mae": metrics.mean_absolute_error(targets, values),
            "rmse": metrics.root_mean_squared_error(targets, values),
        },
        abs=1e-6,
    )


def test_no_mistake_in_thirty_rows_is_no_certainty() -> None:
    targets = np.arange(30) % 3
    accuracy = evaluate.classification(np.eye(3)[targets], targets, ["a", "b", "c"])["accuracy"]
    # Wilson's interval for 30 of 30.
    assert (accuracy.value, accuracy.low, accuracy.high) == (
        1.0,
        pytest.approx(0.8865, abs=1e-4),
        1,
    )


def test_interval_of_a_mean_is_as_wide_as_its_error() -> None:
    rng = np.random.default_rng(0)
    errors = rng.exponential(size=400)
    mae = evaluate.regression(errors, np.zeros(400) + np.arange(400) * 1e-9)["mae"]
    half_width = 1.96 * errors.std() / np.sqrt(len(errors))
    assert mae.low == pytest.approx(mae.value - half_width, abs=0.03)
    assert mae.high == pytest.approx(mae.value + half_width, abs=0.03)


def test_intervals_are_the_same_every_time() -> None:
    probabilities, targets = answers(classes=2)
    first, again = (
        evaluate.intervals(evaluate.classification(probabilities, targets, ["a", "b"]))
        for _ in range(2)
    )
    assert first == again
    assert all(low < high for low, high in first.values())


def test_other_splits_leave_the_first_out() -> None:
    targets = np.arange(50) % 2
    scored: list[Split] = []

    def score(rows: Split) -> float:
        scored.append(rows)
        return float(len(scored))

    assert evaluate.other_splits("accuracy", score, targets, splits=3) == {
        "metric": "accuracy",
        "splits": 3,
        "mean": 2.0,
        "lowest": 1.0,
        "highest": 3.0,
    }
    drawn = {tuple(rows.held_out) for rows in scored}
    assert len(drawn) == 3
    assert tuple(evaluate.split.hold_out(targets).held_out) not in drawn
