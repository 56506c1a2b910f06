"""KServe's forecasts: one series or several, quantiles, times, covariates."""

from collections.abc import Callable
from typing import Any

import pytest

from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Answer, Model

PATH = "/v1/timeseries/forecast"
BOTH = {
    "type": "multivariate_time_series",
    "name": "both",
    "series": [[9, 9], [1, 4], [2, 5], [3, 6]],
    "frequency": "H",
}


def ask(model: Model, *inputs: Json, horizon: Json = 2, **options: Json) -> Answer:
    body = {"model": "tiny", "inputs": list(inputs), "options": {"horizon": horizon, **options}}
    return model.http(PATH, body)


def content(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.document
    [output] = answer.document["outputs"]
    assert output["status"] == answer.document["status"] == "completed"
    return list(output["content"])


def one(name: str, *values: float, **more: Json) -> Json:
    return {
        "type": "univariate_time_series",
        "name": name,
        "series": list(values),
        "frequency": "hour",
        **more,
    }


@pytest.fixture
def model(serve: Callable[..., Model]) -> Model:
    """Two series of three hours; each goes on with its last value."""
    return serve(artifacts.persistence)


def test_all_series_at_once_go_on_step_by_step(model: Model) -> None:
    [forecast] = content(ask(model, BOTH))
    assert forecast == {
        "type": "multivariate_time_series",
        "name": "both",
        "mean_forecast": [[3, 6], [3, 6]],
        "frequency": "H",
        "start_timestamp": "",
        "quantiles": None,
    }


def test_series_one_by_one_are_put_together_by_name(model: Model) -> None:
    heat, load = content(ask(model, one("heat", 4, 5, 6), one("load", 1, 2, 3), horizon=1))
    assert (heat["name"], heat["mean_forecast"]) == ("heat", [6])
    assert (load["name"], load["mean_forecast"]) == ("load", [3])


def test_quantiles_are_those_that_are_asked_for(model: Model) -> None:
    [forecast] = content(ask(model, BOTH, quantiles=[0.9]))
    assert forecast["quantiles"] == {"0.9": [[4, 7], [4, 7]]}
    load = content(ask(model, one("load", 1, 2, 3), one("heat", 4, 5, 6), quantiles=[0.9, 0.1]))[0]
    assert load["quantiles"] == {"0.9": [4, 4], "0.1": [2, 2]}


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-01-31T22:00:00", "2026-02-01T02:00:00"),
        ("2026-01-31T22:00:00Z", "2026-02-01T02:00:00+00:00"),
        ("2026-01-31T22:00:00+01:00", "2026-02-01T02:00:00+01:00"),
    ],
)
def test_a_forecast_starts_one_step_after_its_input_ends(
    model: Model, start: str, expected: str
) -> None:
    [forecast] = content(ask(model, {**BOTH, "start_timestamp": start}))
    assert forecast["start_timestamp"] == expected


def test_several_inputs_are_several_instances(model: Model) -> None:
    later = {**BOTH, "series": [[0, 0], [0, 0], [7, 8]]}
    means = [entry["mean_forecast"][0] for entry in content(ask(model, BOTH, later))]
    assert means == [[3, 6], [7, 8]]


def test_usage_counts_steps(model: Model) -> None:
    usage = ask(model, BOTH).document["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (4, 2, 6)
    assert usage["cost_usd"] > 0


def test_covariates_come_with_the_input(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.persistence, True)
    [forecast] = content(ask(model, {**BOTH, "future": {"holiday": [1, 10]}}))
    assert forecast["mean_forecast"] == [[4, 7], [13, 16]]
    refused = ask(model, BOTH)
    assert "'future' has nothing, expected 'holiday'" in refused.document["error"]["message"]


def test_the_calendar_follows_from_the_start(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.persistence, True, "hour")
    [forecast] = content(ask(model, {**BOTH, "start_timestamp": "2026-01-31T19:00:00"}))
    assert forecast["mean_forecast"] == [[3 + 23, 6 + 23], [3 + 0, 6 + 0]]


@pytest.mark.parametrize("hour", [20, 22])
def test_time_comes_to_an_end(serve: Callable[..., Model], hour: int) -> None:
    model = serve(artifacts.persistence, True, "hour")
    refused = ask(model, {**BOTH, "start_timestamp": f"9999-12-31T{hour}:00:00"})
    assert refused.status == 400
    assert "goes on beyond the year 9999" in refused.document["error"]["message"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"inputs": None}, "'inputs' is missing"),
        ({"inputs": []}, "'inputs' is missing"),
        ({"inputs": [1]}, "input 0 has type 1"),
        ({"inputs": [{**BOTH, "type": "other"}]}, "has type 'other', expected univariate"),
        ({"inputs": [{**BOTH, "name": 1}]}, "input 0 lacks a 'name'"),
        ({"inputs": [{**BOTH, "series": "x"}]}, "input 0 lacks"),
        ({"inputs": [{**BOTH, "future": []}]}, "input 0 lacks"),
        ({"inputs": [{**BOTH, "frequency": "D"}]}, "frequency 'D', expected 'hour', 'H'"),
        ({"inputs": [{**BOTH, "start_timestamp": "noon"}]}, "start_timestamp 'noon', expected"),
        ({"inputs": [{**BOTH, "start_timestamp": 5}]}, "start_timestamp 5"),
        ({"inputs": [{**BOTH, "series": [[1, 2]]}]}, "has 1 steps, expected at least 3"),
        ({"inputs": [{**BOTH, "series": [1, 2, 3]}]}, "expected a list of 2 values a step"),
        ({"inputs": [{**BOTH, "series": [[1, "a"]] * 3}]}, "'heat' holds 'a', expected numbers"),
        ({"inputs": [one("load", 1, 2, 3)]}, "the inputs are 'load', expected 'load', 'heat'"),
        ({"options": None}, "'options' lacks 'horizon'"),
        ({"options": {"horizon": True}}, "'options' lacks 'horizon'"),
        ({"options": {"horizon": 3}}, "'horizon' is 3, expected 1 to 2"),
        ({"options": {"horizon": 1, "quantiles": [0.5]}}, "expected some of [0.1, 0.9]"),
        ({"options": {"horizon": 1, "quantiles": [[0.1]]}}, "expected some of [0.1, 0.9]"),
    ],
)
def test_what_cannot_be_forecast_is_a_400(model: Model, body: Json, part: str) -> None:
    answer = model.http(
        PATH, {"model": "tiny", "inputs": [BOTH], "options": {"horizon": 2}, **body}
    )
    assert answer.status == 400, answer.document
    assert part in answer.document["error"]["message"]
    assert set(answer.document["error"]) == {"message", "type", "param", "code"}


def test_another_model_is_a_404(model: Model) -> None:
    assert model.http(PATH, {"model": "other"}).status == 404
    assert model.http(PATH, []).status == 400
