"""Forecasts: series by name in, mean and quantiles by name out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serving.errors import TooLarge
from serving.limits import Limits
from serving.service import Service
from serving.tasks.forecasting import Forecasting
from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Model

PAST = {"load": [1, 2, 3], "heat": [10, 20, 30]}


def ask(model: Model, **instance: Json) -> Json:
    answer = model.predict({"instances": [instance]})
    assert answer.status == 200, answer.document
    return answer.document["predictions"][0]


def test_mean_and_quantiles_come_by_series(serve: Callable[..., Model]) -> None:
    assert ask(serve(artifacts.persistence), context=PAST) == {
        "mean": {"load": [3, 3], "heat": [30, 30]},
        "quantiles": {
            "load": {"0.1": [2, 2], "0.9": [4, 4]},
            "heat": {"0.1": [29, 29], "0.9": [31, 31]},
        },
    }


def test_a_shorter_horizon_is_the_beginning_of_the_longer(serve: Callable[..., Model]) -> None:
    forecast = ask(serve(artifacts.persistence), context=PAST, horizon=1)
    assert forecast["mean"] == {"load": [3], "heat": [30]}
    assert forecast["quantiles"]["heat"] == {"0.1": [29], "0.9": [31]}


def test_covariates_of_the_future_count(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.persistence, covariate=True)
    forecast = ask(model, context=PAST, future={"holiday": [0, 5]})
    assert forecast["mean"] == {"load": [3, 8], "heat": [30, 35]}


@pytest.mark.parametrize(
    ("instance", "part"),
    [
        ([1, 2, 3], "instance 0 has no keys, expected 'context'"),
        ({}, "instance 0 has no keys"),
        ({"context": PAST, "future": {}}, "has 'context', 'future', expected 'context'"),
        ({"context": [1, 2, 3]}, "'context' has [1, 2, 3], expected 'load', 'heat'"),
        ({"context": {"load": [1, 2, 3]}}, "'context' has 'load', expected 'load', 'heat'"),
        ({"context": {**PAST, "x": []}}, "'x', expected 'load', 'heat'"),
        ({"context": {**PAST, "heat": [1, 2]}}, "'heat' has 2 values, expected 3"),
        ({"context": {**PAST, "heat": "123"}}, "'heat' has '123', expected 3"),
        ({"context": {**PAST, "heat": [1, "2", 3]}}, "'heat' holds '2', expected numbers"),
        ({"context": {**PAST, "heat": [1, 1e300, 3]}}, "not finite"),
        ({"context": PAST, "horizon": 3}, "'horizon' is 3, expected 1 to 2"),
        ({"context": PAST, "horizon": 0}, "'horizon' is 0"),
        ({"context": PAST, "horizon": True}, "'horizon' is True"),
    ],
)
def test_bad_series(serve: Callable[..., Model], instance: Json, part: str) -> None:
    model = serve(artifacts.persistence)
    answer = model.predict({"instances": [instance]})
    assert answer.status == 422, answer.document
    assert part in answer.document["error"]["message"]


def test_only_json_asks_for_a_forecast(serve: Callable[..., Model]) -> None:
    assert serve(artifacts.persistence).predict(b"1,2,3", "text/csv").status == 415


def test_the_schema_says_how_long_the_past_is(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.persistence, covariate=True)
    schema = model.http("/v2/models/tiny", method="GET").document["parameters"]["instance_schema"]
    assert schema["properties"]["context"]["properties"]["load"]["minItems"] == 3
    assert schema["required"] == ["context", "future"]


def test_forecasts_are_counted_by_all_of_their_values(tmp_path: Path) -> None:
    manifest = Service.load(artifacts.persistence(tmp_path / "artifact")).manifest
    task = Forecasting(manifest, replace(Limits(), forecast_values=30))
    whole, half = {"context": PAST}, {"context": PAST, "horizon": 1}
    assert len(task.decode([whole, whole, half])["context"]) == 3
    with pytest.raises(TooLarge, match="have 36 values together, expected at most 30: ask for"):
        task.decode([whole, whole, half, half])


def test_too_long_forecasts_are_a_413(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.persistence, limits={"forecast_values": 11})
    answer = model.predict({"instances": [{"context": PAST}]})
    assert answer.status == 413, answer.document
    assert "the forecasts have 12 values together" in answer.document["error"]["message"]
