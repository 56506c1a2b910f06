"""The gateway: a request's way through the API, from its route to the function and back."""

import asyncio
import re
from collections.abc import Callable, Mapping
from time import perf_counter
from uuid import uuid4

from aiohttp import web

from infra.local.api import Api
from infra.local.authorizer import Authorizer
from infra.local.function import Function
from infra.local.gateway_responses import Refused
from infra.local.invocation import PAYLOAD_BYTES, Call, Outcome, Throttled
from infra.local.proxy import Caller, HttpReply, HttpRequest, MalformedReply, event, reply
from infra.local.routes import Match, Mock, Target

# The most that API Gateway takes (Amazon API Gateway quotas); Lambda's 6 MB mostly bites first.
BODY_BYTES = 10 * 1024 * 1024
# The request line and the headers' values together (the same).
HEAD_BYTES = 10_240
# Whoever asks through a proxy may name the whole address (RFC 9112, 3.2.2).
_ORIGIN = re.compile(r"^https?://[^/?]*", re.IGNORECASE)


class Gateway:
    """The API's front: `handle` is given every request that is not for Lambda's own API."""

    def __init__(
        self, api: Api, functions: Mapping[str, Function], report: Callable[[str], None]
    ) -> None:
        self._api = api
        self._functions = functions
        self._report = report
        self._running: set[asyncio.Task[Outcome]] = set()
        self._authorizers = {
            name: Authorizer(scheme, self._invoke) for name, scheme in api.authorizers.items()
        }

    async def handle(self, incoming: web.Request) -> web.Response:
        """Answer one HTTP request."""
        started = perf_counter()
        path, _, query = _ORIGIN.sub("", incoming.raw_path).partition("?")
        request = HttpRequest(
            method=incoming.method,
            path=path,
            query=query,
            headers=list(incoming.headers.items()),
            body=await _read(incoming),
            source_ip=incoming.remote or "",
            id=str(uuid4()),
        )
        why = ""
        try:
            answer = await self._answer(request)
        except Refused as refusal:
            answer, why = self._api.responses.reply(refusal, request), f"  {refusal}"
        took_ms = (perf_counter() - started) * 1000
        self._report(f"{answer.status} {request.method:4} {request.path}  {took_ms:.1f} ms{why}")
        return _response(answer, request)

    async def _answer(self, request: HttpRequest) -> HttpReply:
        if request.head_bytes > HEAD_BYTES:
            raise Refused("REQUEST_TOO_LARGE", f"its line and headers are over {HEAD_BYTES} bytes")
        if len(request.body) > BODY_BYTES:
            raise Refused("REQUEST_TOO_LARGE", f"the body is over {BODY_BYTES} bytes")
        match = self._api.routes.find(request.method, request.path)
        if match is None:
            raise Refused("MISSING_AUTHENTICATION_TOKEN", "no such route")
        answers = match.method.answers
        if isinstance(answers, Mock):
            return HttpReply(answers.status, list(answers.headers.items()), answers.body.encode())
        payload = event(request, match, self._api.stage, await self._admit(request, match))
        if len(payload) > PAYLOAD_BYTES:
            raise Refused("REQUEST_TOO_LARGE", f"the event has {len(payload)} bytes")
        outcome = await self._invoke(answers, Call(payload))
        if outcome.error:
            raise Refused("DEFAULT_5XX", outcome.payload.decode(errors="replace"))
        try:
            return reply(outcome.payload, self._api.stage, request.header("accept"))
        except MalformedReply as error:
            raise Refused("DEFAULT_5XX", str(error)) from None

    async def _admit(self, request: HttpRequest, match: Match) -> Caller:
        """Who asks.  Raises Refused unless he may, now."""
        policy, key = None, None
        if match.method.authorizer is not None:
            authorizer = self._authorizers[match.method.authorizer]
            policy = await authorizer.authorize(request, match, self._api.stage)
        if match.method.needs_key:
            shown = request.header("x-api-key")
            if self._api.authorizer_names_key:
                shown = policy.usage_key if policy else None
            key = self._api.keys.find(shown or "")
            if key is None:
                raise Refused("INVALID_API_KEY")
            key.meter()
        if self._api.throttle is not None and not self._api.throttle.take():
            raise Refused("THROTTLED")
        return Caller(
            key_id=key.id if key else None,
            key=key.value if key else None,
            authorized=policy.context if policy else None,
        )

    async def _invoke(self, target: Target, call: Call) -> Outcome:
        """Ask a function, and leave it running when it takes too long.  Raises Refused."""
        work = self._functions[target.function].invoke(call, target.qualifier)
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.wait_for(asyncio.shield(task), target.timeout_s)
        except TimeoutError:
            raise Refused("INTEGRATION_TIMEOUT", f"no answer in {target.timeout_s:g} s") from None
        except Throttled as error:
            raise Refused("INTEGRATION_FAILURE", str(error)) from None


async def _read(request: web.Request) -> bytes:
    """The body, or of one that is too large just enough to tell."""
    parts, size = [], 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > BODY_BYTES + 1:
            parts.append(part[: BODY_BYTES + 1])
            break
        parts.append(part)
    return b"".join(parts)


def _response(answer: HttpReply, request: HttpRequest) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body)
    for name, value in [*answer.headers, ("x-amzn-RequestId", request.id)]:
        response.headers.add(name, value)
    return response
