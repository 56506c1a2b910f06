"""Lambda authorizers: a function of the template that says who a caller is and what he may do."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from infra.local.code import ACCOUNT, REGION
from infra.local.gateway_responses import Refused
from infra.local.invocation import Call, Outcome
from infra.local.proxy import Caller, HttpRequest, Stage, event
from infra.local.routes import Match, RouteError, Target, function_of
from infra.resources.blocks import Block

_SOURCE_HEADER = "method.request.header."
_DEFAULT_TTL_S = 300

Invoke = Callable[[Target, Call], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the function says: what the caller may do, who he is, and what he is counted as."""

    document: Block
    context: dict[str, Any]
    usage_key: str | None
    expires: float


class Authorizer:
    """One authorizer of the API, of type TOKEN or REQUEST; its policies are kept for a while."""

    def __init__(self, scheme: Block, invoke: Invoke) -> None:
        settings = scheme["x-amazon-apigateway-authorizer"]
        self._kind = settings["type"].upper()
        if self._kind not in ("TOKEN", "REQUEST"):
            raise RouteError(f"an authorizer has type {self._kind!r}, expected TOKEN or REQUEST")
        self._ttl_s = int(settings.get("authorizerResultTtlInSeconds", _DEFAULT_TTL_S))
        self._headers = _sources(scheme, settings, self._ttl_s)
        self._target = function_of(settings["authorizerUri"])
        self._invoke = invoke
        self._known: dict[tuple[str, ...], Policy] = {}

    async def authorize(self, request: HttpRequest, match: Match, stage: Stage) -> Policy:
        """What the function says of the caller.  Raises Refused."""
        identity = tuple(request.header(name) or "" for name in self._headers)
        if not all(identity):
            raise Refused("UNAUTHORIZED")
        arn = _method_arn(request, stage)
        policy = self._known.get(identity)
        if policy is None or policy.expires < time.monotonic():
            policy = await self._ask(request, match, stage, arn)
            if self._ttl_s:
                self._known[identity] = policy
        if not _allows(policy.document, arn):
            raise Refused("ACCESS_DENIED", authorizer=policy.context)
        return policy

    async def _ask(self, request: HttpRequest, match: Match, stage: Stage, arn: str) -> Policy:
        question = {"type": self._kind, "methodArn": arn}
        if self._kind == "TOKEN":
            question["authorizationToken"] = request.header(self._headers[0]) or ""
        else:
            question |= json.loads(event(request, match, stage, Caller()))
        outcome = await self._invoke(self._target, Call(json.dumps(question).encode()))
        answer = json.loads(outcome.payload)
        if outcome.error:
            # Raising exactly this is how an authorizer says that it knows nobody by that token.
            unknown = answer.get("errorMessage") == "Unauthorized"
            raise Refused("UNAUTHORIZED" if unknown else "AUTHORIZER_FAILURE")
        try:
            context = {**answer.get("context", {}), "principalId": answer["principalId"]}
            return Policy(
                answer["policyDocument"],
                context,
                answer.get("usageIdentifierKey"),
                time.monotonic() + self._ttl_s,
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise Refused("AUTHORIZER_FAILURE", f"no policy: {error!r}") from None


def _sources(scheme: Block, settings: Block, ttl_s: int) -> list[str]:
    """The headers that must be there for the function to be asked.

    A REQUEST authorizer whose answers are not kept may name none (API Gateway API reference,
    CreateAuthorizer, `identitySource`).
    """
    stated = settings.get("identitySource")
    if stated is None and settings["type"].upper() == "REQUEST" and ttl_s == 0:
        return []
    sources = (stated or f"{_SOURCE_HEADER}{scheme['name']}").split(",")
    return [name.strip().removeprefix(_SOURCE_HEADER).lower() for name in sources]


def _method_arn(request: HttpRequest, stage: Stage) -> str:
    path = f"{stage.api_id}/{stage.name}/{request.method}{request.path}"
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{path}"


def _allows(policy: Block, arn: str) -> bool:
    """Whether a policy allows a method: some statement does, and none denies it."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if any(fnmatchcase(arn, pattern) for pattern in _listed(statement["Resource"]))
    }
    return effects == {"Allow"}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
