"""The document as a whole: a pure function of the models."""

from collections.abc import Sequence

from infra.exhibit import Exhibit
from infra.openapi import compatible, fleet, jobs, native, open_inference, refusals, usage
from serving.types import JsonObject

_DESCRIPTION = """\
Every model is a function of its own: ask it in its natural words below `/v1`, or in tensors, by the
Open Inference Protocol, below `/v2`.
Send a key as `Authorization: Bearer ...` or as `x-api-key`.
"""
_TAGS = {
    compatible.TAG: "Routes that the clients of others know",
    jobs.TAG: "Predictions that need not be waited for",
    usage.TAG: "What a caller has used",
    fleet.TAG: "Health, and what there is",
}
# Where it lies itself, so that it holds below a stage's name as well as at the root.
_SERVERS = [{"url": "."}]


def render(exhibits: Sequence[Exhibit], version: str) -> JsonObject:
    """The API of these models in OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Flotilla",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": _SERVERS,
        "security": [{"bearer": []}, {"api_key": []}],
        "tags": _tags(exhibits),
        "paths": _paths(exhibits),
        "components": {
            "schemas": _schemas(exhibits),
            "responses": refusals.components(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "api_key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _tags(exhibits: Sequence[Exhibit]) -> list[JsonObject]:
    described = [{"name": each.name, "description": each.folder.description} for each in exhibits]
    return [*described, *({"name": name, "description": says} for name, says in _TAGS.items())]


def _paths(exhibits: Sequence[Exhibit]) -> JsonObject:
    paths: JsonObject = {}
    for exhibit in exhibits:
        paths |= native.paths(exhibit) | open_inference.paths(exhibit)
    names = [exhibit.name for exhibit in exhibits]
    return paths | compatible.paths(exhibits) | jobs.paths() | usage.paths() | fleet.paths(names)


def _schemas(exhibits: Sequence[Exhibit]) -> JsonObject:
    schemas = (
        refusals.schemas()
        | jobs.schemas()
        | native.shared_schemas()
        | open_inference.shared_schemas()
    )
    for exhibit in exhibits:
        schemas |= native.schemas(exhibit) | open_inference.schemas(exhibit)
    return schemas
