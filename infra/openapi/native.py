"""The native protocol of one model: instances in, predictions out."""

from infra.exhibit import Exhibit
from infra.openapi import examples, jobs, refusals
from infra.openapi.refusals import BODY, JSON, KEYED, NOT_ACCEPTABLE
from infra.openapi.schema import record, reference
from serving import explain
from serving.http import FORM, JSON_LINES
from serving.protocols.native import CSV
from serving.tasks.tensors import TensorsTask
from serving.types import JsonObject

_VARIANT = {
    "name": "x-variant",
    "in": "header",
    "description": "which of the model's graphs answers; `variant` in a JSON body says the same",
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`respond-async` makes a job of it",
    "schema": {"type": "string"},
}
_LABEL = {
    "name": "x-label",
    "in": "header",
    "description": "the label to explain; `label` in a JSON body says the same",
}
_APPLIED = {"Preference-Applied": {"description": "`respond-async`", "schema": {"type": "string"}}}
_SAID = {
    "predict": ("Predict", "One prediction an instance, in order."),
    "explain": ("Explain", "Predictions with attributions that add up to the score they explain."),
}


def paths(exhibit: Exhibit) -> JsonObject:
    """The model's paths below `/v1`; it predicts nothing when it answers tensors only."""
    model = f"/v1/models/{exhibit.name}"
    found: JsonObject = {model: {"get": _facts(exhibit)}}
    if not isinstance(exhibit.task, TensorsTask):
        found[f"{model}/predict"] = {"post": _operation(exhibit, "predict")}
        found[f"{model}/jobs"] = {"post": jobs.of_model(exhibit)}
    if exhibit.folder.task in explain.TASKS:
        found[f"{model}/explain"] = {"post": _operation(exhibit, "explain")}
    return found


def schemas(exhibit: Exhibit) -> JsonObject:
    """What goes in and what comes out, under the model's name."""
    if isinstance(exhibit.task, TensorsTask):
        return {}
    found = {
        f"{exhibit.name}.Instance": exhibit.task.schema(),
        f"{exhibit.name}.Prediction": exhibit.task.prediction_schema(),
    }
    if exhibit.folder.task in explain.TASKS:
        attributions = explain.attributions_schema(exhibit.folder.task)
        found[f"{exhibit.name}.Explanation"] = {
            "allOf": [
                reference(f"{exhibit.name}.Prediction"),
                record(attributions=attributions),
            ]
        }
    return found


def shared_schemas() -> JsonObject:
    """What every answer has."""
    amount = {"type": "number", "minimum": 0}
    usage = record(
        compute_ms={**amount, "description": "from decoding to encoding, in milliseconds"},
        cold={"type": "boolean", "description": "whether this sandbox answers the first time"},
        cost_usd={**amount, "description": "of this answer, by AWS's public prices"},
    )
    listed = record(
        id={"type": "string"},
        object={"const": "model"},
        created={"type": "integer"},
        owned_by={"type": "string"},
    )
    return {"Usage": usage, "OpenAIModel": listed}


def _facts(exhibit: Exhibit) -> JsonObject:
    return {
        "operationId": f"model_{exhibit.name}",
        "summary": "The model, as OpenAI's API lists it",
        "tags": [exhibit.name],
        "responses": {
            "200": {
                "description": "The model is there.",
                "content": {JSON: {"schema": reference("OpenAIModel")}},
            },
            **refusals.responses(KEYED),
        },
    }


def _operation(exhibit: Exhibit, operation: str) -> JsonObject:
    summary, says = _SAID[operation]
    return {
        "operationId": f"{operation}_{exhibit.name}",
        "summary": summary,
        "description": exhibit.folder.description,
        "tags": [exhibit.name],
        "parameters": [{**_VARIANT, "schema": _variants(exhibit)}, *_asked(exhibit, operation)],
        "requestBody": {"required": True, "content": _bodies(exhibit, operation)},
        "responses": {
            "200": {"description": says, "content": _answers(exhibit, operation)},
            **({"202": jobs.made(_APPLIED)} if operation == "predict" else {}),
            **refusals.responses((*KEYED, *BODY, NOT_ACCEPTABLE)),
        },
    }


def _bodies(exhibit: Exhibit, operation: str) -> JsonObject:
    """Media type -> Media Type Object: JSON, and the raw things that the task reads."""
    shown = examples.requests(exhibit, "predict")
    text: JsonObject = {}  # of any text, which JSON Schema says nothing of
    files = {"type": "string", "format": "binary"}
    schemas = {JSON: _request_schema(exhibit, operation)} | {
        media_type: text if media_type.startswith("text/") else files
        for media_type in exhibit.task.media_types
    }
    schemas |= {JSON_LINES[0]: text, FORM: {"type": "object"}}
    return {
        media_type: {"schema": schema}
        | ({"examples": shown[media_type]} if media_type in shown else {})
        for media_type, schema in schemas.items()
    }


def _answers(exhibit: Exhibit, operation: str) -> JsonObject:
    """Media type -> Media Type Object, as the caller's `Accept` chooses."""
    found: JsonObject = {
        JSON: {"schema": _answer_schema(exhibit, operation)},
        CSV: {"schema": {"type": "string"}},
    }
    if operation == "predict" and (shown := examples.answers(exhibit, "predict")):
        found[JSON]["examples"] = shown
    if operation == "explain" and "overlay" in explain.options(exhibit.folder.task):
        found["image/png"] = {"schema": {"type": "string", "format": "binary"}}
    return found


def _asked(exhibit: Exhibit, operation: str) -> list[JsonObject]:
    """The headers of one of the two operations alone."""
    if operation == "predict":
        return [_PREFER]
    options = _options(exhibit)
    return [{**_LABEL, "schema": {"enum": options["label"]["enum"]}}] if "label" in options else []


def _request_schema(exhibit: Exhibit, operation: str) -> JsonObject:
    limits = exhibit.limits
    schema = record(
        instances={
            "type": "array",
            "items": reference(f"{exhibit.name}.Instance"),
            "minItems": 1,
            "maxItems": limits.batch if operation == "predict" else limits.explain_batch,
        }
    )
    schema["properties"]["variant"] = {"enum": [*_variants(exhibit)["enum"], None]}
    if operation == "explain":
        schema["properties"] |= _options(exhibit)
    return {**schema, "additionalProperties": False}


def _options(exhibit: Exhibit) -> JsonObject:
    """What an explanation takes beside its instances, as this model has it."""
    own = {
        "label": {"enum": exhibit.artifact.manifest.details.get("labels", [])},
        "reference": {"oneOf": [reference(f"{exhibit.name}.Instance"), {"type": "null"}]},
    }
    said = explain.options_schema(exhibit.folder.task)
    return {name: schema | own.get(name, {}) for name, schema in said.items()}


def _answer_schema(exhibit: Exhibit, operation: str) -> JsonObject:
    each = "Prediction" if operation == "predict" else "Explanation"
    return record(
        id={"type": "string"},
        model={"const": exhibit.name},
        version={"type": "string"},
        variant=_variants(exhibit),
        predictions={"type": "array", "items": reference(f"{exhibit.name}.{each}")},
        usage=reference("Usage"),
    )


def _variants(exhibit: Exhibit) -> JsonObject:
    return {"enum": list(exhibit.artifact.manifest.graphs)}
