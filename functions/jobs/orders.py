"""What a caller may ask for: a job that is to be uploaded, or one whose input is in the request."""

from dataclasses import dataclass

from functions.jobs.job import NDJSON
from functions.jobs.webhooks import Hosts
from serving import strict_json
from serving.errors import BadRequest, Unprocessable, UnsupportedMediaType
from serving.http import JSON, JSON_LINES, Request
from serving.json_types import Json, JsonObject
from serving.limits import Limits

# Media type of an upload -> the name of its object, whose ending tells the engine what it is.
UPLOADS = {
    "text/csv": "input.csv",
    **dict.fromkeys(JSON_LINES, "input.jsonl"),
    JSON: "input.json",
    "image/png": "input.png",
    "image/jpeg": "input.jpg",
    "text/plain": "input.txt",
    "audio/wav": "input.wav",
}
# Without an ending the engine goes by the object's own media type: one prediction, no batch.
ONE_REQUEST = "input"
_KEYS = {"input", "instances", "media_type", "webhook"}
# Headers that say what a JSON body can say, and that an upload has no place for.
_LOST = {"x-label", "x-variant"}
_NESTING = 32
_SECRET_LENGTHS = range(16, 257)


@dataclass(frozen=True, slots=True)
class Order:
    """A job to be made: its input's name, the input if it is here, and whom to tell of its end."""

    input: str
    body: bytes | None = None
    media_type: str = JSON
    webhook_url: str = ""
    webhook_secret: str = ""


def read(request: Request, hosts: Hosts) -> Order:
    """What `POST /v1/models/M/jobs` asks for.  Raises ServingError."""
    if request.media_type != JSON:
        raise UnsupportedMediaType(
            f"media type is '{request.media_type}', expected {JSON}: the job's answer says where "
            "to upload anything else"
        )
    _unpack(request)
    document = _document(request)
    inline = document.keys() & {"input", "instances"}
    if len(inline) == 2 or (inline and "media_type" in document):
        stated = sorted(document.keys() & {"input", "instances", "media_type"})
        raise Unprocessable(f"the job has {stated}, expected one of them")
    url, secret = _webhook(document.get("webhook"), hosts)
    if inline:
        body = _asked(document)
        return Order(UPLOADS[JSON], strict_json.dumps(body), JSON, url, secret)
    media_type = document.get("media_type", NDJSON)
    if not isinstance(media_type, str) or media_type not in UPLOADS:
        raise Unprocessable(f"'media_type' is {media_type!r:.80}, expected one of {list(UPLOADS)}")
    return Order(UPLOADS[media_type], webhook_url=url, webhook_secret=secret)


def of_prediction(request: Request) -> Order:
    """What `POST /v1/models/M/predict` with `Prefer: respond-async` asks for."""
    if lost := sorted(_LOST & request.headers.keys()):
        raise Unprocessable(f"{lost} cannot go with 'Prefer: respond-async', expected it in JSON")
    _unpack(request)
    stated = request.headers.get("content-type", "")
    return Order(ONE_REQUEST, request.body, JSON if request.media_type == JSON else stated)


def _unpack(request: Request) -> None:
    """Take the content coding off the body.  Raises ServingError."""
    if coding := request.headers.get("content-encoding"):
        from serving import encodings  # with numpy, which no other request needs

        request.body = encodings.unpacked(request.body, coding, Limits().body_bytes)


def _document(request: Request) -> JsonObject:
    if not request.body.strip():
        return {}
    document = strict_json.loads(request.body, _NESTING)
    if not isinstance(document, dict):
        raise BadRequest("the body is no JSON object")
    unknown = document.keys() - _KEYS
    if unknown:
        raise Unprocessable(
            f"the body has unknown keys {sorted(unknown)}, expected {sorted(_KEYS)}"
        )
    return document


def _asked(document: JsonObject) -> JsonObject:
    """The body that `predict` would take."""
    if "instances" in document:
        if not isinstance(document["instances"], list):
            raise Unprocessable("'instances' is no list, expected the one that predict takes")
        return {"instances": document["instances"]}
    asked = document["input"]
    if not isinstance(asked, dict):
        raise Unprocessable("'input' is no object, expected the body that predict takes")
    return asked


def _webhook(stated: Json, hosts: Hosts) -> tuple[str, str]:
    """The webhook's address and secret, empty when nothing was said of them."""
    if stated is None:
        return "", ""
    if not isinstance(stated, dict) or not {"url"} <= stated.keys() <= {"url", "secret"}:
        raise Unprocessable('\'webhook\' is wrong, expected {"url": ..., "secret"?: ...}')
    url, secret = stated["url"], stated.get("secret", "")
    hosts.check(url)
    if not isinstance(secret, str) or ("secret" in stated and len(secret) not in _SECRET_LENGTHS):
        raise Unprocessable("'webhook.secret' is wrong, expected a string of 16 to 256 characters")
    return url, secret
