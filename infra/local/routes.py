"""The API's routes, as the rendered template has them; the most specific one that fits wins."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from infra.resources.blocks import Block

_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_FUNCTION = re.compile(r":function:([^:/]+)(?::([^/]+))?/invocations$")
_HEADER = "method.response.header."
# A REST API waits 29 s for a function (Amazon API Gateway quotas).
TIMEOUT_S = 29.0


class RouteError(Exception):
    """The template's API has something that this gateway does not do."""


@dataclass(frozen=True, slots=True)
class Target:
    """The function behind a method, by name and by version or alias."""

    function: str
    qualifier: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Mock:
    """A method that is answered without a function: CORS preflight."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a resource: what answers it, and what a caller must show for it."""

    answers: Target | Mock
    needs_key: bool
    authorizer: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """What a request comes down to: the resource, the method, the path's parameters."""

    resource: str
    method: Method
    parameters: Mapping[str, str]


class Routes:
    """Every resource and its methods."""

    def __init__(self, body: Block) -> None:
        schemes = body.get("securityDefinitions", {})
        self._resources = sorted(
            (
                (resource, _methods(resource, methods, schemes))
                for resource, methods in body["paths"].items()
            ),
            key=lambda entry: _generality(entry[0]),
        )

    def find(self, method: str, path: str) -> Match | None:
        """The most specific resource that fits, if it has the method."""
        segments = [unquote(segment) for segment in path.strip("/").split("/")]
        for resource, methods in self._resources:
            parameters = _parameters(resource, segments)
            if parameters is not None:
                found = methods.get(method) or methods.get("ANY")
                return Match(resource, found, parameters) if found else None
        return None


def function_of(uri: str, timeout_s: float = TIMEOUT_S) -> Target:
    """The function that an integration's URI names.  Raises RouteError."""
    match = _FUNCTION.search(uri)
    if match is None:
        raise RouteError(f"an integration calls {uri!r}, expected a Lambda function")
    return Target(match[1], match[2] or "$LATEST", timeout_s)


def _generality(resource: str) -> list[int]:
    """Sorts `/a/b` before `/a/{b}` before `/a/{proxy+}`."""
    return [
        2 if segment.endswith("+}") else 1 if segment.startswith("{") else 0
        for segment in resource.strip("/").split("/")
    ]


def _parameters(resource: str, segments: list[str]) -> dict[str, str] | None:
    wanted = resource.strip("/").split("/")
    found: dict[str, str] = {}
    for position, segment in enumerate(wanted):
        rest = segments[position:]
        if not rest:
            return None
        if segment.endswith("+}"):
            return {**found, segment[1:-2]: "/".join(rest)} if any(rest) else None
        if segment.startswith("{"):
            found[segment[1:-1]] = rest[0]
        elif segment != rest[0]:
            return None
    return found if len(segments) == len(wanted) else None


def _methods(resource: str, methods: Block, schemes: Block) -> dict[str, Method]:
    return {
        "ANY" if name == _ANY else name.upper(): _method(f"{name} {resource}", method, schemes)
        for name, method in methods.items()
    }


def _method(where: str, method: Block, schemes: Block) -> Method:
    security = [name for entry in method.get("security", []) for name in entry]
    authorizers = [name for name in security if "x-amazon-apigateway-authorizer" in schemes[name]]
    integration = method[_INTEGRATION]
    match integration["type"].lower():
        case "aws_proxy":
            timeout_s = integration.get("timeoutInMillis", TIMEOUT_S * 1000) / 1000
            answers: Target | Mock = function_of(integration["uri"], timeout_s)
        case "mock":
            answers = _mock(integration["responses"]["default"])
        case kind:
            raise RouteError(f"{where} has an integration {kind!r}, expected aws_proxy or mock")
    return Method(
        answers, needs_key="api_key" in security, authorizer=next(iter(authorizers), None)
    )


def _mock(response: Block) -> Mock:
    headers = {
        name.removeprefix(_HEADER): _literal(value)
        for name, value in response.get("responseParameters", {}).items()
    }
    templates: dict[str, Any] = response.get("responseTemplates", {})
    return Mock(int(response["statusCode"]), headers, templates.get("application/json", "").strip())


def _literal(value: str) -> str:
    """API Gateway quotes what is not a mapping expression."""
    return value[1:-1] if value.startswith("'") else json.dumps(value)
