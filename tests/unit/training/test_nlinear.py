"""NLinear: a closed form that finds what made the data, and a graph that answers alike."""

import numpy as np
import pytest

from serving.types import Array
from training.ett_load import nlinear
from training.ett_load.nlinear import Moments, NLinear
from training.series import forecasting

DAYS, HORIZON, SERIES = 3, 5, 2
LENGTH = DAYS * nlinear.DAY


@pytest.fixture(scope="module")
def contexts() -> Array:
    rng = np.random.default_rng(0)
    return rng.normal(size=(400, LENGTH, SERIES)).cumsum(axis=1)


@pytest.fixture(scope="module")
def weights() -> Array:
    return np.random.default_rng(1).normal(0, 0.1, (LENGTH, HORIZON))


def test_fit_finds_the_map_that_made_the_data(contexts: Array, weights: Array) -> None:
    truths = nlinear.forecast(weights, contexts)
    moments = Moments(LENGTH, HORIZON)
    moments.add(contexts, truths)
    found = moments.solve(1e-9)
    # How the last hour differs from itself is always 0, so its weights say nothing.
    np.testing.assert_allclose(found[:-1], weights[:-1], atol=1e-3)


def test_scaling_and_shifting_a_context_does_the_same_to_the_answer(
    contexts: Array, weights: Array
) -> None:
    answers = nlinear.forecast(weights, contexts)
    np.testing.assert_allclose(nlinear.forecast(weights, 3 * contexts + 7), 3 * answers + 7)


def test_intervals_hold_the_share_that_they_were_calibrated_to(
    contexts: Array, weights: Array
) -> None:
    floor = np.full(SERIES, 0.01)
    spread = nlinear.wander(contexts, floor)
    noise = np.random.default_rng(2).normal(size=(400, HORIZON, SERIES))
    residuals = noise * spread[:, np.newaxis]
    model = NLinear(weights, nlinear.calibrate(residuals, spread), floor)
    means, quantiles = model.answer(contexts)
    assert forecasting.covered(means + residuals, quantiles).mean() == pytest.approx(0.8, abs=0.01)


def test_flat_context_still_has_an_interval(weights: Array) -> None:
    offsets = np.tile([-1.0, 0.0, 1.0], (HORIZON, SERIES, 1))
    model = NLinear(weights, offsets, np.array([0.5, 2.0]))
    _, quantiles = model.answer(np.ones((1, LENGTH, SERIES)))
    np.testing.assert_allclose(quantiles[0, 0], [[0.5, 1, 1.5], [-1, 1, 3]])


def test_graph_answers_as_the_model_does(contexts: Array, weights: Array) -> None:
    offsets = np.random.default_rng(3).normal(size=(HORIZON, SERIES, 3)).astype(np.float32)
    model = NLinear(weights.astype(np.float32), offsets, np.array([0.1, 0.2]))
    asked = contexts[:40].astype(np.float32)
    forecasting.check(nlinear.export(model, "tiny"), {"context": asked}, model.answer(asked))
