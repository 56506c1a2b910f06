"""The paths that belong to no one model: health, the list of models, the pages."""

from infra.openapi import refusals
from infra.openapi.refusals import ANY, JSON, OPEN_INFERENCE
from infra.openapi.schema import record, reference
from serving.types import JsonObject

TAG = "fleet"


def paths(names: list[str]) -> JsonObject:
    """Every such path; `names` are the models'."""
    healthy = record(live={"type": "boolean"}, ready={"type": "boolean"})
    server = record(
        name={"const": "flotilla"},
        version={"type": "string"},
        extensions={"type": "array", "items": {"type": "string"}},
    )
    model = record(
        name={"enum": names},
        versions={"type": "array", "items": {"type": "string"}},
        ready={"type": "boolean"},
        task={"type": "string"},
    )
    models = record(models={"type": "array", "items": model})
    listed = record(
        object={"const": "list"}, data={"type": "array", "items": reference("OpenAIModel")}
    )
    return {
        "/v2": _get("server", "What this server is", server),
        "/v2/health/live": _get("live", "Is it there?", healthy),
        "/v2/health/ready": _get("ready", "Is it ready?", healthy),
        "/v2/models": _get("models", "The models", models),
        "/v2/repository/index": _repository(names),
        "/v1/models": _get("openai_models", "The models, as OpenAI's API lists them", listed, ""),
        "/openapi.json": _page("openapi", "This document", JSON),
        "/docs": _page("docs", "This document, to be tried", "text/html"),
        "/": _page("playground", "The playground", "text/html"),
    }


def _repository(names: list[str]) -> JsonObject:
    """Triton's index, which is asked for with POST."""
    model = record(
        name={"enum": names},
        version={"type": "string"},
        state={"const": "READY"},
        reason={"type": "string"},
    )
    schema = {"type": "array", "items": model}
    asked = _get("repository", "The models, as Triton's repository extension lists them", schema)
    return {"post": asked["get"]}


def _get(
    operation: str, summary: str, schema: JsonObject, protocol: str = OPEN_INFERENCE
) -> JsonObject:
    return _open(operation, summary, {JSON: {"schema": schema}}, protocol)


def _page(operation: str, summary: str, media_type: str) -> JsonObject:
    schema = {"type": "object"} if media_type == JSON else {"type": "string"}
    return _open(operation, summary, {media_type: {"schema": schema}}, "")


def _open(operation: str, summary: str, content: JsonObject, protocol: str) -> JsonObject:
    """A path that asks for no key."""
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "tags": [TAG],
            "security": [],
            "responses": {
                "200": {"description": summary, "content": content},
                **refusals.responses(ANY, protocol),
            },
        }
    }
