"""The sandboxes of one version of a function: taken when idle, started when none is."""

import asyncio
from time import perf_counter

from infra.local.code import Code, Host
from infra.local.invocation import Call, Outcome, failure
from infra.local.sandbox import INIT_S, Sandbox

_CLOSED = failure("Sandbox.Closed", "the function is being stopped")


class Pool:
    """As many sandboxes as there are requests at once; who limits those is `Function`."""

    def __init__(self, code: Code, host: Host, log: int) -> None:
        self.code = code
        self._host = host
        self._log = log
        self._idle: list[Sandbox] = []
        self._all: set[Sandbox] = set()
        self._closed = False

    async def invoke(self, call: Call) -> Outcome:
        """Answer one request, in the sandbox that was busy last or in a new one."""
        sandbox = self._take() or await self._start()
        if isinstance(sandbox, Outcome):
            return sandbox
        outcome = await sandbox.invoke(call)
        if sandbox.alive:
            self._idle.append(sandbox)
        else:
            await self._drop(sandbox)
        return outcome

    async def retire(self, idle_s: float) -> None:
        """Stop the sandboxes that had nothing to do for `idle_s`."""
        now = perf_counter()
        tired = [box for box in self._idle if now - box.idle_since >= idle_s or not box.alive]
        self._idle = [box for box in self._idle if box not in tired]
        await asyncio.gather(*map(self._drop, tired))

    async def close(self) -> None:
        """Stop them all, those that are just being started too."""
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*map(self._drop, list(self._all)))

    @property
    def size(self) -> int:
        """How many sandboxes there are."""
        return len(self._all)

    def _take(self) -> Sandbox | None:
        while self._idle:
            sandbox = self._idle.pop()
            if sandbox.alive:
                return sandbox
            self._all.discard(sandbox)
        return None

    async def _start(self) -> Sandbox | Outcome:
        """A sandbox that is ready.  A slow init starts again, once, in the invoke's own time."""
        problem = _CLOSED
        for limit_s in (INIT_S, self.code.timeout_s):
            sandbox = await Sandbox.start(self.code, self._host, self._log)
            self._all.add(sandbox)
            failed = _CLOSED if self._closed else await sandbox.ready(limit_s)
            if failed is None:
                return sandbox
            problem = failed
            await self._drop(sandbox)
            if not sandbox.timed_out:
                break
        return problem

    async def _drop(self, sandbox: Sandbox) -> None:
        self._all.discard(sandbox)
        await sandbox.stop()
