"""Requests and answers to show: those that the artifacts bring, so each works when it is pasted."""

import json

from infra.exhibit import Exhibit
from serving.types import Json, JsonObject

# What is longer is no help to a reader; a few answers hold a hundred thousand numbers.
_LONGEST_CHARACTERS = 32_000
_ID = "4d0a4e52-9a1b-4c85-a6c8-4f0e2d3f8f0e"
_USAGE = {"compute_ms": 0.4, "cold": False, "cost_usd": 3.6e-06}


def requests(exhibit: Exhibit, operation: str) -> dict[str, JsonObject]:
    """Media type -> name -> Example Object; files are left to JSON, which has them in base64."""
    found: dict[str, JsonObject] = {}
    for example in _of(exhibit, operation):
        if "body" in example and _is_short(example["body"]):
            shown = found.setdefault(example["media_type"], {})
            shown[example["name"]] = {"value": example["body"]}
    return found


def answers(exhibit: Exhibit, operation: str) -> JsonObject:
    """Name -> Example Object: what is answered to the request of the same name.

    Answers of a variant that has to be picked are left out: the request alone gets others.
    """
    around = _prediction(exhibit) if operation == "predict" else _inference(exhibit)
    return {
        example["name"]: {
            "value": {**around, **_whole(exhibit, example["answer"]), **_after(operation)}
        }
        for example in _of(exhibit, operation)
        if "body" in example
        and "variant" not in example
        and _is_short(example["body"])
        and _is_short(example["answer"])
    }


def _of(exhibit: Exhibit, operation: str) -> list[JsonObject]:
    return [example for example in exhibit.examples if example["operation"] == operation]


def _is_short(value: Json) -> bool:
    return len(json.dumps(value)) <= _LONGEST_CHARACTERS


def _whole(exhibit: Exhibit, answer: JsonObject) -> JsonObject:
    """An answer with what the training framework does not know of: notices, `truncated`."""
    if "predictions" not in answer:
        return answer
    schema = exhibit.task.prediction_schema()
    known = {name: schema["properties"][name].get("const", False) for name in schema["required"]}
    return {**answer, "predictions": [{**known, **each} for each in answer["predictions"]]}


def _prediction(exhibit: Exhibit) -> JsonObject:
    return {
        "id": _ID,
        "model": exhibit.name,
        "version": exhibit.version,
        "variant": exhibit.artifact.manifest.variant,
    }


def _inference(exhibit: Exhibit) -> JsonObject:
    return {"model_name": exhibit.name, "model_version": exhibit.version, "id": _ID}


def _after(operation: str) -> JsonObject:
    return {"usage": _USAGE} if operation == "predict" else {}
