"""Jobs: predictions that are made later, of files too long to wait for."""

from infra.exhibit import Exhibit
from infra.openapi import examples, refusals
from infra.openapi.refusals import BODY, CONFLICT, JSON, KEYED
from infra.openapi.schema import record, reference
from serving.types import JsonObject

TAG = "jobs"
STATUSES = ["waiting", "running", "done", "failed", "cancelled"]
# Media types of what is uploaded, the first of which is meant when none is stated.
UPLOADS = [
    "application/x-ndjson",
    "application/json",
    "audio/wav",
    "image/jpeg",
    "image/png",
    "text/csv",
    "text/plain",
]
_TIME = {"type": "string", "format": "date-time"}
_STRING: JsonObject = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_QUERY: dict[str, JsonObject] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "after": {**_STRING, "description": "`next` of the page before"},
    "model": _STRING,
    "status": {"enum": STATUSES},
}


def of_model(exhibit: Exhibit) -> JsonObject:
    """Where jobs of one model are made."""
    shown = examples.requests(exhibit, "predict").get(JSON, {})
    upload = {"upload_a_file": {"value": {"media_type": UPLOADS[0]}}}
    content = {"schema": _order(), "examples": {**shown, **upload}}
    return {
        "operationId": f"job_{exhibit.name}",
        "summary": "Predict later",
        "description": "With the input in it, or else the answer says where to upload it.",
        "tags": [exhibit.name],
        "requestBody": {"content": {JSON: content}},
        "responses": {
            "202": made(),
            **refusals.responses((*KEYED, *BODY)),
        },
    }


def made(further: JsonObject | None = None) -> JsonObject:
    """The response that a job was made; it may have `further` headers."""
    content = {JSON: {"schema": reference("Job")}}
    where = {"Location": {"description": "where the job is", "schema": _STRING}}
    return {
        "description": "A job was made.",
        "content": content,
        "headers": where | (further or {}),
    }


def paths() -> JsonObject:
    """Where jobs of all models are looked at."""
    page = record(
        jobs={"type": "array", "items": reference("Job")}, next={"type": ["string", "null"]}
    )
    parameters = [{"name": name, "in": "query", "schema": each} for name, each in _QUERY.items()]
    which = [{"name": "id", "in": "path", "required": True, "schema": _STRING}]
    return {
        "/v1/jobs": {
            "get": {
                "operationId": "jobs",
                "summary": "The caller's jobs, newest first",
                "tags": [TAG],
                "parameters": parameters,
                "responses": _responses("Some of them.", page, 422),
            }
        },
        "/v1/jobs/{id}": {
            "parameters": which,
            "get": {
                "operationId": "job",
                "summary": "A job",
                "tags": [TAG],
                "responses": _responses("How far it is.", reference("Job")),
            },
            "delete": {
                "operationId": "cancel_job",
                "summary": "Cancel a job",
                "tags": [TAG],
                "responses": _responses("It is cancelled.", reference("Job"), CONFLICT),
            },
        },
    }


def schemas() -> JsonObject:
    """A job as its caller sees it."""
    job = record(
        id=_STRING,
        status={"enum": STATUSES},
        model=_STRING,
        created=_TIME,
        expires=_TIME,
        progress=record(lines_done=_COUNT, lines={"type": ["integer", "null"], "minimum": 0}),
    )
    job["properties"] |= {
        "finished": _TIME,
        "upload": record(method={"const": "PUT"}, url=_STRING, expires=_TIME),
        "result": record(url=_STRING, expires=_TIME),
        "error": record(code=_STRING, message=_STRING),
        "webhook": record(url=_STRING, state=_STRING, attempts=_COUNT),
    }
    return {"Job": job}


def _order() -> JsonObject:
    webhook = record(url={"type": "string", "format": "uri"})
    webhook["properties"]["secret"] = {"type": "string", "minLength": 16, "maxLength": 256}
    properties: JsonObject = {
        "instances": {"type": "array"},
        "input": {"type": "object", "description": "the body that predict takes"},
        "media_type": {"enum": UPLOADS, "description": "of the file that is to be uploaded"},
        "webhook": {"oneOf": [{**webhook, "additionalProperties": False}, {"type": "null"}]},
    }
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "not": {
            "anyOf": [
                {"required": ["instances", "input"]},
                {"required": ["instances", "media_type"]},
                {"required": ["input", "media_type"]},
            ]
        },
    }


def _responses(says: str, schema: JsonObject, *further: int) -> JsonObject:
    content = {JSON: {"schema": schema}}
    answered = {"200": {"description": says, "content": content}}
    return answered | refusals.responses((*KEYED, *further))
