"""Cold starts and warm invokes of several handlers, interleaved on one machine.

Each is started as the local cloud starts a function: the real runtime client in a sandbox; one that
needs no runtime client is a bare process.  Rounds are interleaved, so that whatever else the
machine does hits all of them alike.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Protocol

from infra.local.code import ACCOUNT, Code, Host, environment
from infra.local.invocation import Call
from infra.local.sandbox import Sandbox

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A handler to be raced: its name, its code, and whether the runtime client runs it."""

    name: str
    code: Code
    in_runtime: bool = True


@dataclass(slots=True)
class Times:
    """What was measured of one contestant, a value a round."""

    first_answer_ms: list[float] = field(default_factory=list)
    first_answer_cpu_ms: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    invoke_us: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """The median of each."""
        return {name: round(median(getattr(self, name)), 1) for name in self.__slots__}


class Running(Protocol):
    """A contestant that has been started."""

    @property
    def pid(self) -> int: ...

    async def ask(self, event: bytes) -> None:
        """Answer once.  Raises SystemExit when it does not."""
        ...

    async def stop(self) -> None: ...


async def race(
    contestants: list[Contestant], host: Host, event: bytes, rounds: int, invokes: int
) -> dict[str, Times]:
    """Start every contestant `rounds` times in turn, each answering once cold and then warm."""
    times = {contestant.name: Times() for contestant in contestants}
    for layer in {layer for contestant in contestants for layer in contestant.code.layers}:
        _read_anew(layer)
    with (host.logs / "bench.log").open("ab") as log:
        for number in range(rounds + 1):
            for contestant in contestants:
                found = times[contestant.name] if number else Times()  # round 0 warms the cache
                await _round(contestant, host, log.fileno(), event, invokes, found)
    return times


async def _round(
    contestant: Contestant, host: Host, log: int, event: bytes, invokes: int, times: Times
) -> None:
    started = perf_counter()
    start = _InRuntime.start if contestant.in_runtime else _Bare.start
    running: Running = await start(contestant, host, log)
    try:
        await running.ask(event)
        times.first_answer_ms.append((perf_counter() - started) * 1000)
        times.first_answer_cpu_ms.append(_cpu_ms(running.pid))
        for _ in range(invokes):
            asked = perf_counter()
            await running.ask(event)
            times.invoke_us.append((perf_counter() - asked) * 1e6)
        times.resident_mb.append(_resident_mb(running.pid))
    finally:
        await running.stop()


class _InRuntime:
    """A handler in a sandbox of the local cloud."""

    def __init__(self, name: str, sandbox: Sandbox) -> None:
        self._name, self._sandbox = name, sandbox
        self.pid, self.stop = sandbox.pid, sandbox.stop

    @classmethod
    async def start(cls, contestant: Contestant, host: Host, log: int) -> "Running":
        sandbox = await Sandbox.start(contestant.code, host, log)
        problem = await sandbox.ready(limit_s=10)
        if problem is not None:
            raise SystemExit(f"{contestant.name} did not start: {problem.payload.decode()}")
        return cls(contestant.name, sandbox)

    async def ask(self, event: bytes) -> None:
        arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{self._name}"
        outcome = await self._sandbox.invoke(Call(payload=event, arn=arn))
        if outcome.error or json.loads(outcome.payload).get("statusCode") != 200:
            raise SystemExit(f"{self._name} answered {outcome.payload.decode()[:500]}")


class _Bare:
    """A script that answers a line on its standard input with a line on its output."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process, self.pid = process, process.pid

    @classmethod
    async def start(cls, contestant: Contestant, host: Host, log: int) -> "Running":
        code = contestant.code
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-P", code.handler),
            env=environment(code, host, ""),
            cwd=code.task_root,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        return cls(process)

    async def ask(self, event: bytes) -> None:
        commands, answers = self._process.stdin, self._process.stdout
        if commands is None or answers is None:
            raise SystemExit("the bare process has no pipes")
        commands.write(b"\n")
        if not await answers.readline():
            raise SystemExit("the bare process gave up")

    async def stop(self) -> None:
        self._process.kill()
        await self._process.communicate()


def _read_anew(folder: Path) -> None:
    """Bring the libraries below `folder` into the page cache page by page.

    One page fault maps as much of a file as came in at once: a library that was written whole
    counts 10 MB more of resident memory than one that was read, and chance says which it is.
    """
    for library in folder.rglob("*.so*"):
        descriptor = os.open(library, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
        for offset in range(0, library.stat().st_size, _PAGE):
            os.pread(descriptor, 1, offset)
        os.close(descriptor)


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS * 1000


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE / 2**20
