"""The network of the road: gaps that are filled, an answer that fits its own graph."""

from datetime import datetime

import numpy as np
import pytest

from training.datasets.road_traffic import COVARIATES, SOURCE, Traffic
from training.series import forecasting

torch = pytest.importorskip("torch", reason="the training environment has it")

from training.traffic import fitting, network, weeks  # noqa: E402 - only with torch
from training.traffic.network import CONTEXT, HORIZON  # noqa: E402 - only with torch
from training.traffic.weeks import Windows  # noqa: E402 - only with torch


def made_up(hours: int = 400) -> Traffic:
    """A sine of a day with noise, and a gap of ten hours."""
    number = np.arange(hours)
    noise = np.random.default_rng(0).normal(0, 200, hours)
    volume = 3000 + 2000 * np.sin(2 * np.pi * number / 24) + noise
    volume[250:260] = np.nan
    covariates = np.zeros((hours, len(COVARIATES)))
    covariates[:, 0], covariates[:, 1], covariates[:, 3] = number % 24, number // 24 % 7, 280
    return Traffic(SOURCE, datetime(2020, 1, 6), volume, covariates, hours)


@pytest.fixture(scope="module")
def windows() -> Windows:
    return weeks.cut(made_up(), None, None)


def test_windows_keep_gaps_as_unknown_and_know_the_day_ahead(windows: Windows) -> None:
    assert len(windows) == 400 - CONTEXT - HORIZON + 1
    assert windows.contexts[100, 150, 0] == weeks.UNKNOWN
    assert np.isnan(windows.truths[80, 250 - 80 - CONTEXT])
    assert windows.futures[3, 0, 0] == (CONTEXT + 3) % 24


def test_unknown_hours_are_the_mean_of_the_same_hour_of_other_days() -> None:
    volumes = torch.arange(float(CONTEXT)).reshape(1, CONTEXT)
    volumes[0, 30] = -1
    found = network.filled(volumes)[0]
    others = [volumes[0, at].item() for at in range(6, CONTEXT, 24) if at != 30]
    assert found[30].item() == pytest.approx(np.mean(others))
    assert torch.equal(found[:30], volumes[0, :30])


def test_hour_unknown_on_all_days_is_the_mean_of_the_week() -> None:
    volumes = torch.full((1, CONTEXT), 5.0)
    volumes[0, 6::24] = -1
    assert network.filled(volumes)[0].tolist() == pytest.approx([5.0] * CONTEXT)
    assert network.filled(torch.full((1, CONTEXT), -1.0)).abs().sum() == 0


def test_naive_forecast_is_last_weeks_or_the_next_best_day(windows: Windows) -> None:
    contexts = np.arange(float(CONTEXT)).reshape(1, CONTEXT, 1)
    contexts[0, [3, 24 * 6 + 3]] = weeks.UNKNOWN
    naive = weeks.last_week(Windows(contexts, windows.futures[:1], windows.truths[:1]))
    assert naive[0, :5].tolist() == [0, 1, 2, 24 * 5 + 3, 4]


@pytest.mark.parametrize("ends", [0.1, -0.1], ids=["in order", "crossing"])
def test_calibrated_quantiles_hold_their_shares(windows: Windows, ends: float) -> None:
    torch.manual_seed(0)
    model = network.Road(width=8).eval()
    with torch.no_grad():
        model.hours[-1].weight[1:] = model.hours[-1].weight[2]
        model.hours[-1].bias[1:] = torch.tensor([-ends, 0.0, ends])
    fitting.calibrate(model, windows)
    _, bands = fitting.answer(model, windows)
    known = ~np.isnan(windows.truths)
    inside = forecasting.covered(windows.truths, bands[:, :, 0])[known]
    assert inside.mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.filterwarnings("ignore")  # torch's exporter warns of itself
def test_graph_answers_as_the_network_does(windows: Windows) -> None:
    torch.manual_seed(1)
    model = network.Road(width=8).eval()
    some = windows.take(slice(0, 40))
    forecasting.check(fitting.export(model, "tiny"), some.inputs(), fitting.answer(model, some))
