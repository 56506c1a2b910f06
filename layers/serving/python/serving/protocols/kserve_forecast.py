"""KServe's forecasts: `POST /v1/timeseries/forecast`.

A model with covariates is told them in a further field of an input, `future`, as in the native
protocol; the hour and the weekday follow from `start_timestamp`.
Reference: KServe, "TimeSeries LLM Forecast API Reference".
"""

import time
from time import perf_counter

from serving import arrays, strict_json
from serving.errors import NotFound, Unprocessable
from serving.http import Request, Response, reply
from serving.prices import Usage
from serving.protocols import kserve_series, native
from serving.protocols.kserve_series import MULTIVARIATE, Past
from serving.service import Service
from serving.types import Json, JsonObject


def forecast(service: Service, request: Request, usage: Usage) -> Response:
    """Answer with how each input goes on, with those quantiles that are asked for.

    Raises ServingError.
    """
    started = perf_counter()
    document = strict_json.loads(request.body, service.limits.nesting)
    if not isinstance(document, dict):
        raise Unprocessable(f"the body is {arrays.shown(document)}, expected an object")
    if document.get("model") != service.name:
        named = arrays.shown(document.get("model"))
        raise NotFound(f"model {named} is not served here, expected '{service.name}'")
    details = service.manifest.details
    horizon, quantiles = _options(document.get("options"), details)
    groups = kserve_series.read(document.get("inputs"), details)
    instances = [kserve_series.instance(group, horizon, details) for group in groups]
    variant = document.get("variant", request.headers.get(native.VARIANT_HEADER))
    predictions = service.choose(variant).predict(instances, request.deadline)
    content = [
        _forecast(past, prediction, quantiles, alone=len(group) == 1)
        for group, prediction in zip(groups, predictions, strict=True)
        for past in group
    ]
    read = sum(len(past.steps) for group in groups for past in group)
    spent = usage((perf_counter() - started) * 1000)
    points = _points(read, horizon * len(content))
    return reply(_answer(request.id, service.name, content, {**points, **spent}))


def _answer(request_id: str, model: str, content: list[Json], usage: JsonObject) -> JsonObject:
    done = {"id": request_id, "status": "completed", "error": None}
    return {
        **done,
        "created_at": int(time.time()),
        "model": model,
        "outputs": [{**done, "type": "time_series_forecast", "content": content}],
        "usage": usage,
    }


def _options(options: Json, details: JsonObject) -> tuple[int, list[str]]:
    """The horizon, and the quantiles that are asked for, by the model's own names of them."""
    if not isinstance(options, dict) or type(options.get("horizon")) is not int:
        raise Unprocessable("'options' lacks 'horizon', expected a number of steps")
    known = {float(quantile): str(quantile) for quantile in details["quantiles"]}
    wanted = options.get("quantiles")
    wanted = [] if wanted is None else wanted
    if not isinstance(wanted, list) or any(
        type(each) not in (int, float) or each not in known for each in wanted
    ):
        shown = arrays.shown(wanted)
        raise Unprocessable(f"'options.quantiles' is {shown}, expected some of {list(known)}")
    return options["horizon"], [known[each] for each in wanted]


def _forecast(past: Past, prediction: JsonObject, quantiles: list[str], alone: bool) -> JsonObject:
    """How one input goes on; a step of a multivariate one is a list of the model's series."""
    bands = prediction["quantiles"]
    if past.kind == MULTIVARIATE:
        mean = _by_step(prediction["mean"])
        spread = {
            each: _by_step({name: band[each] for name, band in bands.items()}) for each in quantiles
        }
    else:
        series = next(iter(bands)) if alone else past.name
        mean = prediction["mean"][series]
        spread = {each: bands[series][each] for each in quantiles}
    return {
        "type": past.kind,
        "name": past.name,
        "mean_forecast": mean,
        "frequency": past.frequency,
        # KServe wants a text here; who has not said when the past was gets an empty one.
        "start_timestamp": past.next_at.isoformat() if past.next_at else "",
        "quantiles": spread or None,
    }


def _by_step(series: JsonObject) -> list[list[float]]:
    return [list(step) for step in zip(*series.values(), strict=True)]


def _points(read: int, written: int) -> JsonObject:
    """Steps, where KServe counts tokens."""
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
