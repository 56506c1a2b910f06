"""Proxy integration: requests as the events that Lambda functions get, and their replies as HTTP.

The shapes are those of a REST API's payload, version 1.0 (Amazon API Gateway developer guide,
"Lambda proxy integrations in API Gateway").
"""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from infra.local.code import ACCOUNT, REGION
from infra.local.routes import Match

_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
_NO_IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came in; the path and the query are still percent-encoded."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    source_ip: str
    id: str

    @property
    def head_bytes(self) -> int:
        """The size of the request line and of the headers' values, which API Gateway limits."""
        values = sum(len(value) for _, value in self.headers)
        return len(f"{self.method} {self.path}?{self.query} HTTP/1.1") + values

    def header(self, name: str) -> str | None:
        """The last value of a header, or None."""
        values = [value for key, value in self.headers if key.lower() == name]
        return values[-1] if values else None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key that the request is counted for, and what the authorizer says."""

    key_id: str | None = None
    key: str | None = None
    authorized: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What goes back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


# What API Gateway takes a body for whose type is not said.
_UNSAID = "application/json"


@dataclass(frozen=True, slots=True)
class Stage:
    """The part of an API that its events and replies need to know."""

    api_id: str
    name: str
    binary_media_types: tuple[str, ...]
    variables: Mapping[str, str]

    def is_binary(self, media_type: str | None) -> bool:
        """Whether the API was told to leave this type's bytes alone."""
        plain = (media_type or _UNSAID).split(";")[0].strip().lower()
        return any(fnmatch(plain, pattern) for pattern in self.binary_media_types)


class MalformedReply(Exception):
    """The function answered, but not in the shape that proxy integration asks for."""


def event(request: HttpRequest, match: Match, stage: Stage, caller: Caller) -> bytes:
    """The event of a request, as JSON."""
    body, binary = _encoded(request, stage)
    headers = _many(_forwarded(request))
    query = _many(parse_qsl(request.query, keep_blank_values=True))
    return json.dumps(
        {
            "resource": match.resource,
            "path": request.path,
            "httpMethod": request.method,
            "headers": _last(headers),
            "multiValueHeaders": headers or None,
            "queryStringParameters": _last(query),
            "multiValueQueryStringParameters": query or None,
            "pathParameters": dict(match.parameters) or None,
            "stageVariables": dict(stage.variables) or None,
            "requestContext": _context(request, match, stage, caller),
            "body": body or None,
            "isBase64Encoded": binary,
        }
    ).encode()


def reply(payload: bytes, stage: Stage, accept: str | None) -> HttpReply:
    """A function's reply as HTTP.  Raises MalformedReply."""
    try:
        document = json.loads(payload)
    except ValueError as error:
        raise MalformedReply(f"the reply is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise MalformedReply(f"the reply is {document!r:.60}, expected an object")
    status = document.get("statusCode")
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise MalformedReply(f"statusCode is {status!r}, expected an HTTP status")
    headers = _merged(document)
    body = _body(document, stage, accept)
    if "content-type" not in {name.lower() for name, _ in headers}:
        headers.append(("Content-Type", "application/json"))
    return HttpReply(status, headers, body)


def _encoded(request: HttpRequest, stage: Stage) -> tuple[str, bool]:
    """The body as text: in base64, and True, if its type is one of the API's binary ones."""
    if request.body and stage.is_binary(request.header("content-type")):
        return base64.b64encode(request.body).decode(), True
    return request.body.decode(errors="replace"), False


def _body(document: dict[str, Any], stage: Stage, accept: str | None) -> bytes:
    body = document.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedReply(f"body is a {type(body).__name__}, expected a string")
    # Base64 is only undone for a caller whose first Accept type is one of the API's binary ones.
    wanted = (accept or "").split(",")[0]
    if not document.get("isBase64Encoded") or not stage.is_binary(wanted):
        return (body or "").encode()
    try:
        return base64.b64decode(body or "", validate=True)
    except binascii.Error as error:
        raise MalformedReply(f"body is not base64: {error}") from None


def _merged(document: dict[str, Any]) -> list[tuple[str, str]]:
    """`headers` and `multiValueHeaders` as one list; a pair that is in both counts once."""
    single, many = document.get("headers") or {}, document.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(many, dict):
        raise MalformedReply("headers and multiValueHeaders: expected objects")
    if not all(isinstance(values, list) for values in many.values()):
        raise MalformedReply("multiValueHeaders: expected a list per name")
    pairs = [(name, _text(value)) for name, values in many.items() for value in values]
    known = {(name.lower(), value) for name, value in pairs}
    plain = [(name, _text(value)) for name, value in single.items()]
    merged = pairs + [pair for pair in plain if (pair[0].lower(), pair[1]) not in known]
    return [pair for pair in merged if pair[0].lower() not in {*_HOP_BY_HOP, "content-length"}]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise MalformedReply(f"a header's value is {value!r}, expected a string")
    return str(value)


def _forwarded(request: HttpRequest) -> list[tuple[str, str]]:
    kept = [pair for pair in request.headers if pair[0].lower() not in _HOP_BY_HOP]
    return [
        *kept,
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]


def _many(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def _last(values: dict[str, list[str]]) -> dict[str, str] | None:
    return {name: every[-1] for name, every in values.items()} or None


def _context(request: HttpRequest, match: Match, stage: Stage, caller: Caller) -> dict[str, Any]:
    now = time.time()
    context = {
        "accountId": ACCOUNT,
        "apiId": stage.api_id,
        "deploymentId": "local",
        "domainName": f"{stage.api_id}.execute-api.{REGION}.amazonaws.com",
        "domainPrefix": stage.api_id,
        "extendedRequestId": uuid4().hex[:16],
        "httpMethod": request.method,
        "identity": _identity(request, caller),
        "path": f"/{stage.name}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": request.id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": "local",
        "resourcePath": match.resource,
        "stage": stage.name,
    }
    return context if caller.authorized is None else context | {"authorizer": caller.authorized}


def _identity(request: HttpRequest, caller: Caller) -> dict[str, str | None]:
    identity: dict[str, str | None] = dict.fromkeys(_NO_IDENTITY)
    identity |= {"sourceIp": request.source_ip, "userAgent": request.header("user-agent")}
    if caller.key_id is not None:
        identity |= {"apiKey": caller.key, "apiKeyId": caller.key_id}
    return identity
