"""Routes in others' words, the model in the body: OpenAI's embeddings, KServe's forecasts."""

from collections.abc import Sequence

from infra.exhibit import Exhibit
from infra.openapi import refusals
from infra.openapi.refusals import JSON, KEYED, OPENAI
from infra.openapi.schema import record
from serving.http import EMBEDDINGS, FORECAST
from serving.protocols.kserve_series import FREQUENCIES, MULTIVARIATE, UNIVARIATE
from serving.types import JsonObject

TAG = "compatible"
# These protocols know no 422.
_REFUSED = (400, 413, 415, *KEYED)
_STRING: JsonObject = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_LONGEST_INPUT = 3


def paths(exhibits: Sequence[Exhibit]) -> JsonObject:
    """Each of them, when a model answers it."""
    found: JsonObject = {}
    embedding = [each for each in exhibits if each.folder.task == "embedding"]
    if embedding:
        found[EMBEDDINGS] = {"post": _embeddings(embedding)}
    forecasting = [each for each in exhibits if each.folder.task == "forecasting"]
    if forecasting:
        found[FORECAST] = {"post": _forecast(forecasting)}
    return found


def _operation(name: str, summary: str, request: JsonObject, answer: JsonObject) -> JsonObject:
    return {
        "operationId": name,
        "summary": summary,
        "tags": [TAG],
        "requestBody": {"required": True, "content": {JSON: request}},
        "responses": {
            "200": {"description": summary, "content": {JSON: answer}},
            **refusals.responses(_REFUSED, OPENAI),
        },
    }


def _embeddings(exhibits: Sequence[Exhibit]) -> JsonObject:
    texts = {"type": "array", "items": _STRING, "minItems": 1}
    request = record(
        model={"enum": [each.name for each in exhibits]},
        input={"oneOf": [_STRING, {**texts, "maxItems": exhibits[0].limits.batch}]},
    )
    request["properties"] |= {
        "dimensions": {"type": ["integer", "null"], "minimum": 1},
        "encoding_format": {"enum": ["float", "base64"]},
        "user": {},
        "variant": {"type": ["string", "null"]},
    }
    vector = {"oneOf": [{"type": "array", "items": {"type": "number"}}, _STRING]}
    entry = record(object={"const": "embedding"}, index=_COUNT, embedding=vector)
    answer = record(
        object={"const": "list"},
        data={"type": "array", "items": entry},
        model=_STRING,
        usage=record(prompt_tokens=_COUNT, total_tokens=_COUNT),
    )
    shown = {each.name: {"value": {"model": each.name, "input": _texts(each)}} for each in exhibits}
    return _operation(
        "embeddings",
        "Embeddings, as OpenAI's API has them",
        {"schema": {**request, "additionalProperties": False}, "examples": shown},
        {"schema": answer},
    )


def _texts(exhibit: Exhibit) -> list[str]:
    bodies = [each["body"] for each in exhibit.examples if each["media_type"] == "text/plain"]
    return bodies[:_LONGEST_INPUT]


def _forecast(exhibits: Sequence[Exhibit]) -> JsonObject:
    series = record(
        type={"enum": [UNIVARIATE, MULTIVARIATE]},
        name=_STRING,
        series={"type": "array", "minItems": 1},
        frequency=_STRING,
    )
    series["properties"] |= {
        "start_timestamp": {"type": ["string", "null"], "description": "ISO 8601"},
        "future": {"type": "object", "description": "what is known of the steps to come"},
    }
    options = record(horizon={"type": "integer", "minimum": 1})
    options["properties"]["quantiles"] = {"type": ["array", "null"], "items": {"type": "number"}}
    request = record(
        model={"enum": [each.name for each in exhibits]},
        inputs={"type": "array", "items": series, "minItems": 1},
        options=options,
    )
    output = record(type={"const": "time_series_forecast"}, content={"type": "array"})
    answer = record(
        id=_STRING,
        status={"const": "completed"},
        model=_STRING,
        outputs={"type": "array", "items": output},
        usage={"type": "object"},
    )
    shown = {each.name: {"value": _question(each)} for each in exhibits}
    return _operation(
        "forecast",
        "Forecasts, as KServe's API has them",
        {"schema": request, "examples": shown},
        {"schema": answer},
    )


def _question(exhibit: Exhibit) -> JsonObject:
    """The first example of a model in KServe's words."""
    details = exhibit.artifact.manifest.details
    instance = next(each for each in exhibit.examples if each["operation"] == "predict")
    asked = instance["body"]["instances"][0]
    columns = [asked["context"][series["name"]] for series in details["series"]]
    alone = len(columns) == 1
    past = {
        "type": UNIVARIATE if alone else MULTIVARIATE,
        "name": details["series"][0]["name"] if alone else exhibit.name,
        "series": columns[0] if alone else [list(step) for step in zip(*columns, strict=True)],
        "frequency": FREQUENCIES[details["frequency"]][0][0],
    }
    if "future" in asked:
        past["future"] = asked["future"]
    options = {"horizon": asked.get("horizon", details["horizon"])}
    return {"model": exhibit.name, "inputs": [past], "options": options}
