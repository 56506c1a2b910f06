"""What a running cloud consists of, in one event loop: gateway, functions, pollers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from socket import socket

import aiohttp
from aiohttp import web

from infra.local.api import Api
from infra.local.function import Function
from infra.local.gateway import Gateway
from infra.local.keys_api import KeysApi
from infra.local.lambda_api import LambdaApi
from infra.local.log_delivery import LogDelivery, Subscription
from infra.local.poller import Poller, Source

# The largest code that Lambda takes directly is a zip of 50 MB, sent in base64.
_REQUEST_BYTES = 70 * 1024 * 1024
# More than the gateway takes, so that it is the one who refuses, in the template's words.
_LINE_BYTES = 1024 * 1024
_RETIRE_EVERY_S = 0.5
# Requests in flight when everything stops end when their sandboxes do, which is at once.
_GRACE_S = 1.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def running(
    api: Api,
    functions: Mapping[str, Function],
    sources: list[Source],
    subscriptions: list[Subscription],
    *,
    listener: socket,
    uploads: Path,
    idle_s: float,
    report: Callable[[str], None],
) -> AsyncIterator[None]:
    """Serve on the open port `listener`.

    `uploads` is where new code of functions goes, `report` is told a line per request.
    """
    async with AsyncExitStack() as closing:
        # Last in, first out: first nothing comes in any more, then the functions stop, and with
        # them the requests that are still waiting for an answer.
        runner = web.AppRunner(
            _application(api, functions, uploads, report),
            access_log=None,
            auto_decompress=False,  # API Gateway hands bodies on as they come
            shutdown_timeout=_GRACE_S,
            max_line_size=_LINE_BYTES,
            max_field_size=_LINE_BYTES,
        )
        await runner.setup()
        closing.push_async_callback(runner.cleanup)
        for function in functions.values():
            closing.push_async_callback(function.close)
        session = await closing.enter_async_context(aiohttp.ClientSession())
        await _in_background(closing, _retire(functions, idle_s))
        for watch in _watching(functions, sources, subscriptions, session, report):
            await _in_background(closing, watch)
        site = web.SockSite(runner, listener)
        await site.start()
        closing.push_async_callback(site.stop)
        yield


def _watching(
    functions: Mapping[str, Function],
    sources: list[Source],
    subscriptions: list[Subscription],
    session: aiohttp.ClientSession,
    report: Callable[[str], None],
) -> Iterator[Coroutine[None, None, None]]:
    """What goes on without a caller: queues are polled, lines of logs handed on."""
    for source in sources:
        invoke = partial(functions[source.function].invoke, qualifier=source.qualifier)
        yield Poller(source, session, invoke, report).run()
    for wanted in subscriptions:
        invoke = partial(functions[wanted.function].invoke, qualifier=wanted.qualifier)
        yield LogDelivery(wanted, functions[wanted.source].log, invoke).run()


def _application(
    api: Api,
    functions: Mapping[str, Function],
    uploads: Path,
    report: Callable[[str], None],
) -> web.Application:
    application = web.Application(client_max_size=_REQUEST_BYTES)
    LambdaApi(functions, uploads).add_to(application.router)
    KeysApi(api.keys).add_to(application.router)
    application.router.add_route("*", "/{path:(?s:.*)}", Gateway(api, functions, report).handle)
    return application


async def _in_background(closing: AsyncExitStack, work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)
    task.add_done_callback(_complain)

    async def cancel() -> None:
        task.cancel()
        await asyncio.wait([task])

    closing.push_async_callback(cancel)


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("the local cloud has a bug", exc_info=error)


async def _retire(functions: Mapping[str, Function], idle_s: float) -> None:
    while True:
        await asyncio.sleep(_RETIRE_EVERY_S)
        for function in functions.values():
            await function.retire(idle_s)
