"""The Runtime API: what `awslambdaric` asks for its next request and gives its answers to.

One server, on a port of its own, per sandbox.  `next` is woken by the request itself, so nothing
here polls; when the server goes, the sandbox's open `next` breaks and its process leaves.
"""

import asyncio
import json
from http import HTTPStatus
from time import time
from typing import TypeVar

from aiohttp import web

from infra.local.invocation import PAYLOAD_BYTES, Call, Outcome, failure

_Result = TypeVar("_Result")
# aiohttp takes 0 for "for ever".
_GRACE_S = 0.001
_PREFIX = "/2018-06-01/runtime"
_TOO_LARGE = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."


class RuntimeApi:
    """One sandbox's end of the line: `ready`, then `ask` and `idle` in turn."""

    def __init__(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        self.port = 0
        # None once the runtime asks for its first request, or why it never will.
        self.ready: asyncio.Future[Outcome | None] = loop.create_future()
        self._end: Outcome | None = None
        self._timeout_s = timeout_s
        self._calls: asyncio.Queue[Call] = asyncio.Queue()
        self._outcome: asyncio.Future[Outcome] = loop.create_future()
        self._idle: asyncio.Future[None] = loop.create_future()
        self._server = web.Server(self._answer, handler_cancellation=True)

    async def listen(self) -> None:
        """Open the port that `AWS_LAMBDA_RUNTIME_API` will name."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close the port; a runtime that is still there leaves."""
        self._listener.close()
        await self._server.shutdown(timeout=_GRACE_S)

    def ask(self, call: Call) -> asyncio.Future[Outcome]:
        """Hand a request to the runtime that waits for one; the future is its answer."""
        loop = asyncio.get_running_loop()
        self._outcome = loop.create_future()
        self._idle = loop.create_future()
        if self._end is not None:  # it died while it had nothing to do
            self.end(self._end)
        self._calls.put_nowait(call)
        return self._outcome

    async def idle(self) -> None:
        """Wait until the runtime asks for its next request."""
        await self._idle

    def end(self, outcome: Outcome) -> None:
        """The runtime is gone: whoever waits for it gets `outcome`."""
        self._end = outcome
        _settle(self.ready, outcome)
        _settle(self._outcome, outcome)
        _settle(self._idle, None)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        match request.path.removeprefix(_PREFIX).split("/")[1:]:
            case ["invocation", "next"]:
                return await self._next()
            case ["invocation", _, "response"]:
                return self._response(await request.content.read())
            case ["invocation", _, "error"]:
                _settle(self._outcome, Outcome(await request.content.read(), error="Unhandled"))
            case ["init", "error"]:
                _settle(self.ready, Outcome(await request.content.read(), error="Unhandled"))
            case ["restore", "next"]:
                return web.Response()
            case _:
                return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _next(self) -> web.Response:
        _settle(self.ready, None)
        _settle(self._idle, None)
        call = await self._calls.get()
        return web.Response(body=call.payload, headers=_headers(call, self._timeout_s))

    def _response(self, payload: bytes) -> web.Response:
        if len(payload) <= PAYLOAD_BYTES:
            _settle(self._outcome, Outcome(payload))
            return web.Response(status=HTTPStatus.ACCEPTED)
        _settle(self._outcome, failure("Function.ResponseSizeTooLarge", _TOO_LARGE))
        body = json.dumps({"errorType": "RequestEntityTooLarge", "errorMessage": _TOO_LARGE})
        return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text=body)


def _settle(waiting: asyncio.Future[_Result], result: _Result) -> None:
    if not waiting.done():
        waiting.set_result(result)


def _headers(call: Call, timeout_s: float) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": call.id,
        "Lambda-Runtime-Deadline-Ms": str(int((time() + timeout_s) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": call.arn,
        "Lambda-Runtime-Trace-Id": call.trace_id,
    }
    if call.client_context:
        headers["Lambda-Runtime-Client-Context"] = call.client_context
    return headers
