"""Requests and responses, the same for every door, and how an error reads as a reply."""

from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

from serving import strict_json
from serving.errors import MethodNotAllowed, ServingError
from serving.json_types import Json

JSON = "application/json"
# Read for every task: one JSON instance a line, and the files and fields of an HTML form.
JSON_LINES = ("application/jsonl", "application/x-ndjson", "application/x-jsonlines")
FORM = "multipart/form-data"

# Routes of protocols that name the model in the body.
EMBEDDINGS = "/v1/embeddings"
FORECAST = "/v1/timeseries/forecast"

# What HTTP clients send when their user has not chosen: curl's `-d` the second.
_UNSAID = ("", "application/x-www-form-urlencoded")

# Any page may ask: a key is in a header that the page sets itself, never in a cookie.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "inference-header-content-length,retry-after,"
        "x-compute-ms,x-cost-usd,x-model-version,x-prediction-id"
    ),
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET,POST,DELETE,OPTIONS",
    # The star lets in what a client adds of its own, but a key has to be named.
    "Access-Control-Allow-Headers": (
        "*,authorization,content-encoding,content-type,"
        "inference-header-content-length,prefer,x-api-key,x-label,x-variant"
    ),
    "Access-Control-Max-Age": "86400",
}


@dataclass(slots=True)
class Request:
    """One question; header names are lower-case, `deadline` is on `time.monotonic`'s clock.

    `caller` is the public id of the key that it came with, or empty.
    """

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    id: str = ""
    deadline: float = field(default_factory=lambda: monotonic() + 25.0)
    caller: str = ""

    @property
    def media_type(self) -> str:
        """The body's media type without its parameters, lower-case; JSON when nothing is said."""
        stated = self.headers.get("content-type", JSON)
        if stated == JSON:
            return JSON
        stated = stated.partition(";")[0].strip().lower()
        return JSON if stated in _UNSAID else stated


@dataclass(slots=True)
class Response:
    """One answer: a status, the body's bytes and their media type, further headers."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        """Whether the body travels as text; anything else is wrapped in base64 on its way."""
        if "Content-Encoding" in self.headers:
            return False
        return self.media_type == JSON or self.media_type.startswith("text/")


def preflight() -> Response:
    """What a browser is told that asks whether a page of elsewhere may ask."""
    return Response(HTTPStatus.NO_CONTENT, b"", headers=dict(_PREFLIGHT))


def reply(document: Json, status: int = HTTPStatus.OK) -> Response:
    """A JSON response."""
    return Response(status, strict_json.dumps(document))


def error_reply(error: Exception, path: str, request_id: str) -> Response:
    """The response for an error, in the words of the protocol that `path` belongs to.

    What is not a ServingError is a bug: the caller learns its id and nothing else.
    """
    if isinstance(error, ServingError):
        status, code, message = error.status, error.code, str(error)
    else:
        status, code = ServingError.status, ServingError.code
        message = f"internal error, please report id {request_id}"
    if path == "/v2" or path.startswith("/v2/"):
        response = reply({"error": message}, status)
    elif path in (EMBEDDINGS, FORECAST):
        response = _openai_error(status, code, message)
    else:
        response = reply({"error": {"code": code, "message": message, "id": request_id}}, status)
    if isinstance(error, MethodNotAllowed) and error.allowed:
        response.headers["Allow"] = error.allowed
    return response


def _openai_error(status: int, code: str, message: str) -> Response:
    """An error as OpenAI's API has it, and KServe's forecasts, which know no 422."""
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    return reply({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
