"""Lambda events to requests, responses to Lambda replies; no other module knows their shapes."""

import binascii
import json
from dataclasses import dataclass
from time import monotonic

from serving.errors import BadRequest
from serving.http import CORS, Request, Response
from serving.json_types import Json, JsonObject
from serving.lambda_context import LambdaContext

# Time kept back from Lambda's own timeout, to write the answer that says so.
_RESERVE_S = 0.5
# Escaped, a payload might be over the limit of bytes; what is wrong with it is for others to say.
_ENCODER = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody put into the uploads bucket."""

    bucket: str
    key: str


def deadline(context: LambdaContext, limit_s: float) -> float:
    """When a request must be answered, on the clock of `time.monotonic`."""
    remaining_s = context.get_remaining_time_in_millis() / 1000 - _RESERVE_S
    return monotonic() + min(remaining_s, limit_s)


def is_http(event: JsonObject) -> bool:
    """Whether API Gateway sent it (REST API, Lambda proxy integration)."""
    return "httpMethod" in event


def is_uploads(event: JsonObject) -> bool:
    """Whether it is a batch of a queue that EventBridge fills."""
    match event.get("Records"):
        case [{"eventSource": "aws:sqs"}, *_]:
            return True
    return False


def from_http(event: JsonObject, context: LambdaContext, limit_s: float) -> Request:
    """A proxy event as a request; its body stays as it came until `read_body`.

    Its caller is who the authorizer says; nobody on a route without one.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    authorized = event.get("requestContext", {}).get("authorizer") or {}
    return Request(
        method=event["httpMethod"],
        path=event["path"],
        headers=headers,
        id=context.aws_request_id,
        deadline=deadline(context, limit_s),
        caller=authorized.get("caller", ""),
    )


def read_body(event: JsonObject) -> bytes:
    """The body's bytes of a proxy event.  Raises BadRequest when its base64 is broken."""
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode()
    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except binascii.Error as error:
        raise BadRequest(f"the body is not base64: {error}") from None


def to_http(response: Response) -> JsonObject:
    """A response as the proxy integration wants it."""
    text, raw = response.is_text, response.body
    return {
        "statusCode": int(response.status),
        "headers": {"Content-Type": response.media_type, **CORS, **response.headers},
        "body": (raw if text else binascii.b2a_base64(raw, newline=False)).decode(),
        "isBase64Encoded": not text,
    }


def from_invoke(event: Json, model: str, context: LambdaContext, limit_s: float) -> Request:
    """A direct invoke as a request: its payload is the body that HTTP would carry.

    A payload with `inputs` speaks the Open Inference Protocol, any other the native one.
    """
    tensors = isinstance(event, dict) and "inputs" in event
    return Request(
        method="POST",
        path=f"/v2/models/{model}/infer" if tensors else f"/v1/models/{model}/predict",
        body=_ENCODER.encode(event).encode(errors="backslashreplace"),
        id=context.aws_request_id,
        deadline=deadline(context, limit_s),
    )


def to_invoke(response: Response) -> Json:
    """A response as a direct invoke returns it: the body itself."""
    return json.loads(response.body)


def upload(record_body: str) -> Upload:
    """The upload that a queue's message announces (EventBridge, `Object Created`).

    Raises KeyError or ValueError when it announces none.
    """
    detail = json.loads(record_body)["detail"]
    return Upload(bucket=detail["bucket"]["name"], key=detail["object"]["key"])
