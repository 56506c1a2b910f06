"""What the API answers when it does not answer: a response per status and protocol.

The engine's own refusals are read from `serving.errors`, those that API Gateway gives in place of a
function from the template.
"""

from collections.abc import Iterable
from http import HTTPStatus

from infra.openapi.schema import record, reference
from infra.resources.gateway import REFUSALS
from serving.errors import ServingError
from serving.types import JsonObject

JSON = "application/json"

# What any route may answer; `KEYED` in addition what a route may that asks for a key.
ANY = (429, 500, 502, 504)
KEYED = (401, 403, 404, *ANY)
# In addition, what may be wrong with a body.
BODY = (400, 413, 415, 422)
NOT_ACCEPTABLE = 406
CONFLICT = 409
# What tells the names of responses in others' words from our own.
OPEN_INFERENCE = "_OPEN_INFERENCE"
OPENAI = "_OPENAI"

_CHALLENGE = {
    "WWW-Authenticate": {"description": "how to show a key", "schema": {"type": "string"}}
}
_ID = "4d0a4e52-9a1b-4c85-a6c8-4f0e2d3f8f0e"


def responses(statuses: Iterable[int], suffix: str = "") -> JsonObject:
    """References to these responses; `suffix` is empty, OPEN_INFERENCE or OPENAI."""
    return {
        str(status): {"$ref": f"#/components/responses/{HTTPStatus(status).name}{suffix}"}
        for status in sorted(statuses)
    }


def components() -> JsonObject:
    """Every response that may be referred to."""
    found: JsonObject = {}
    for status, known in _known().items():
        name = HTTPStatus(status).name
        says = "\n".join(f"- `{code}`: {what}" for code, what in known.items())
        code, what = next(iter(known.items()))
        envelope = {"error": {"code": code, "message": what, "id": _ID}}
        found[name] = _response(says, "Error", envelope)
        found[f"{name}{OPEN_INFERENCE}"] = _response(says, "OpenInferenceError", {"error": what})
        found[f"{name}{OPENAI}"] = _response(says, "OpenAIError", envelope)
        if status == HTTPStatus.UNAUTHORIZED:
            for suffix in ("", OPEN_INFERENCE, OPENAI):
                found[f"{name}{suffix}"]["headers"] = _CHALLENGE
    return found


def schemas() -> JsonObject:
    """The bodies of these responses."""
    codes = sorted({code for known in _known().values() for code in known})
    error = record(
        code={"enum": codes, "description": "for programs"},
        message={"type": "string", "description": "what it was, and what was expected"},
        id={"type": "string", "description": "names this request in the logs"},
    )
    openai = record(
        message={"type": "string"},
        type={"enum": ["invalid_request_error", "server_error"]},
        param={"type": ["string", "null"]},
        code={"enum": codes},
    )
    return {
        "OpenAIError": {
            "description": "The model's words; or the gateway's, in its own envelope.",
            "oneOf": [record(error=openai), reference("Error")],
        },
        "Error": record(error=error),
        "OpenInferenceError": {
            "description": "The model's words; or the gateway's, in its own envelope.",
            "oneOf": [record(error={"type": "string"}), reference("Error")],
        },
    }


def _known() -> dict[int, dict[str, str]]:
    """status -> code -> when it is answered."""
    known: dict[int, dict[str, str]] = {}
    kinds: list[type[ServingError]] = [ServingError, *ServingError.__subclasses__()]
    for kind in kinds:
        first = (kind.__doc__ or "").partition("\n")[0]
        known.setdefault(int(kind.status), {})[kind.code] = first
    known[500][ServingError.code] = "A bug of ours; the id is all it says."
    for status, code, message in REFUSALS.values():
        if not message.startswith("$"):  # filled in by the authorizer
            known.setdefault(status, {}).setdefault(code, f"{message[0].upper()}{message[1:]}.")
    return dict(sorted(known.items()))


def _response(description: str, schema: str, example: JsonObject) -> JsonObject:
    content = {"schema": reference(schema), "example": example}
    return {"description": description, "content": {JSON: content}}
