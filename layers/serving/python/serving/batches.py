"""Files of many instances: one line in, one line out, in order, bad lines answered in place."""

from typing import Any

from serving import strict_json
from serving.errors import BadRequest, DeadlineExceeded, ServingError
from serving.service import Service
from serving.types import Json, JsonObject

MEDIA_TYPE = "application/x-ndjson"

# The ending of a key -> the media type whose lines are instances.
ENDINGS = {".csv": "text/csv", ".jsonl": MEDIA_TYPE, ".ndjson": MEDIA_TYPE}


def answer(service: Service, media_type: str, body: bytes, deadline: float) -> bytes:
    """A batch's answers as JSON Lines: `{"line", "prediction"}` or `{"line", "error"}` each.

    Raises ServingError when the file as a whole cannot be read, or not in time.
    """
    instances = read(service, media_type, body)
    size = service.limits.batch
    chunks = (instances[start : start + size] for start in range(0, len(instances), size))
    answers = (line for chunk in chunks for line in _answer_chunk(service, chunk, deadline))
    return b"".join(
        strict_json.dumps({"line": number, **line}) + b"\n"
        for number, line in enumerate(answers, start=1)
    )


def read(service: Service, media_type: str, body: bytes) -> list[Any]:
    """The lines of a file as instances; a line that is no JSON is kept as its error."""
    if media_type != MEDIA_TYPE:
        return service.instances(media_type, body)
    return [_parsed(line, service.limits.nesting) for line in body.splitlines()]


def _answer_chunk(service: Service, chunk: list[Any], deadline: float) -> list[JsonObject]:
    """All lines of a chunk at once; one at a time when there is a bad one among them."""
    try:
        _require_parsed(chunk)
        return [{"prediction": prediction} for prediction in service.predict(chunk, deadline)]
    except DeadlineExceeded:
        raise
    except ServingError:
        return [_answer_line(service, instance, deadline) for instance in chunk]


def _answer_line(service: Service, instance: Json, deadline: float) -> JsonObject:
    try:
        _require_parsed([instance])
        return {"prediction": service.predict([instance], deadline)[0]}
    except DeadlineExceeded:
        raise
    except ServingError as error:
        return {"error": {"code": error.code, "message": str(error)}}


def _require_parsed(instances: list[Any]) -> None:
    for instance in instances:
        if isinstance(instance, BadRequest):
            raise instance


def _parsed(line: bytes, nesting: int) -> Json:
    try:
        return strict_json.loads(line, nesting)
    except BadRequest as error:
        return error
