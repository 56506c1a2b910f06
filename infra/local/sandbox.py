"""A sandbox: one process of the real runtime, serving one request at a time, as Lambda does.

A request that fails because its process timed out or died is answered only once that process is
gone, so the next request never meets it.
"""

import asyncio
import contextlib
import json
import math
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Self

from infra.local.code import Code, Host, environment, import_path
from infra.local.invocation import Call, Outcome, failure
from infra.local.runtime_api import RuntimeApi

# Lambda's init phase may take 10 s (AWS Lambda developer guide, execution environment lifecycle).
INIT_S = 10.0
_JAIL = Path(__file__).with_name("jail.py")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class Sandbox:
    """A running sandbox: wait until it is `ready`, then `invoke` it while it is `alive`."""

    def __init__(
        self, code: Code, api: RuntimeApi, process: asyncio.subprocess.Process, tmp: Path, log: int
    ) -> None:
        self.timed_out = False
        self._stopping = False
        self.idle_since = perf_counter()
        self._code = code
        self._api = api
        self._process = process
        self._log = log
        self._request_id = ""
        self._started = perf_counter()
        self._init_ms: float | None = None
        self._limit_s = INIT_S
        self._watch = asyncio.create_task(self._until_dead(tmp))

    @classmethod
    async def start(cls, code: Code, host: Host, log: int) -> Self:
        """Start a process; what it prints goes to the file descriptor `log`."""
        api = RuntimeApi(code.timeout_s)
        await api.listen()
        tmp = Path(tempfile.mkdtemp(dir=host.scratch))
        process = await asyncio.create_subprocess_exec(
            *_command(code, host, tmp),
            env=environment(code, host, f"127.0.0.1:{api.port}"),
            cwd=code.task_root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        return cls(code, api, process, tmp, log)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can take another request, as far as is known."""
        return self._process.returncode is None and not self.timed_out

    async def ready(self, limit_s: float) -> Outcome | None:
        """None once the function's module is imported, or why it never will be."""
        with self._killed_after(limit_s):
            problem = await self._api.ready
        if problem is not None:
            await self.stop()
        self._init_ms = (perf_counter() - self._started) * 1000
        return problem

    async def invoke(self, call: Call) -> Outcome:
        """Put one request to the function; the outcome tells of a timeout or a death, too."""
        self._request_id = call.id
        self._say(f"START RequestId: {call.id} Version: {self._code.version}")
        started = perf_counter()
        with self._killed_after(self._code.timeout_s):
            outcome = await self._api.ask(call)
            await self._api.idle()
        self.idle_since = perf_counter()
        self._report(call.id, (self.idle_since - started) * 1000)
        return outcome

    async def stop(self) -> None:
        """Kill it, and whatever it started, and wait until it is gone."""
        self._stopping = True
        self._kill()
        await self._watch

    @contextlib.contextmanager
    def _killed_after(self, limit_s: float) -> Iterator[None]:
        self._limit_s = limit_s
        timer = asyncio.get_running_loop().call_later(limit_s, self._expire)
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self.timed_out = True
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _until_dead(self, tmp: Path) -> None:
        status = await self._process.wait()
        self._kill()  # what it started itself
        await self._api.close()
        shutil.rmtree(tmp, ignore_errors=True)
        outcome = self._death(status)
        if not self._stopping:
            self._say(outcome.payload.decode())
        self._api.end(outcome)

    def _death(self, status: int) -> Outcome:
        if self.timed_out:
            message = f"Task timed out after {self._limit_s:.2f} seconds"
            return failure("Sandbox.Timedout", f"RequestId: {self._request_id} Error: {message}")
        how = f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        message = f"RequestId: {self._request_id} Error: Runtime exited with error: {how}"
        return failure("Runtime.ExitError", message)

    def _report(self, request_id: str, duration_ms: float) -> None:
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {math.ceil(duration_ms)} ms",
            f"Memory Size: {self._code.memory_mb} MB",
            f"Max Memory Used: {self._peak_mb()} MB",
        ]
        if self._init_ms is not None:
            fields.append(f"Init Duration: {self._init_ms:.2f} ms")
            self._init_ms = None
        self._say("\t".join(fields))

    def _peak_mb(self) -> int:
        try:
            found = _PEAK.search(Path(f"/proc/{self._process.pid}/status").read_text())
        except OSError:  # dead, or not Linux
            found = None
        return int(found[1]) // 1024 if found else 0

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # a full disk is no reason to fail a request
            os.write(self._log, f"{line}\n".encode())


def _command(code: Code, host: Host, tmp: Path) -> list[str]:
    visible = [*import_path(code, host), *code.layers, *host.visible, tmp]
    settings = {
        "mode": host.confinement,
        "visible": [str(path) for path in visible],
        "tmp_mb": code.tmp_mb,
        "scratch": str(tmp),
        "parent": os.getpid(),
        "memory_mb": code.memory_mb,
    }
    return [sys.executable, "-S", "-P", str(_JAIL), json.dumps(settings), code.handler]
