"""Cold starts and warm invokes of several handlers, interleaved on one machine.

Each is started as the local cloud starts a function: the real runtime client in a sandbox.  Rounds
are interleaved, so that whatever else the machine does hits all of them alike.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from infra.local.code import ACCOUNT, Code, Host
from infra.local.invocation import Call
from infra.local.sandbox import Sandbox

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A handler to be raced: its name, its code, and what to call it in a table."""

    name: str
    title: str
    code: Code


@dataclass(slots=True)
class Times:
    """What was measured of one contestant, a value a round."""

    first_answer_ms: list[float] = field(default_factory=list)
    first_answer_cpu_ms: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    invoke_us: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """The median of each."""
        return {
            "first_answer_ms": median(self.first_answer_ms),
            "first_answer_cpu_ms": median(self.first_answer_cpu_ms),
            "resident_mb": median(self.resident_mb),
            "invoke_us": median(self.invoke_us),
        }


async def race(
    contestants: list[Contestant], host: Host, event: bytes, rounds: int, invokes: int
) -> dict[str, Times]:
    """Start every contestant `rounds` times in turn, each answering once cold and then warm."""
    times = {contestant.name: Times() for contestant in contestants}
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
    sandbox = await Sandbox.start(contestant.code, host, log)
    try:
        problem = await sandbox.ready(limit_s=10)
        if problem is not None:
            raise SystemExit(f"{contestant.name} did not start: {problem.payload.decode()}")
        await _ask(contestant, sandbox, event)
        times.first_answer_ms.append((perf_counter() - started) * 1000)
        times.first_answer_cpu_ms.append(_cpu_ms(sandbox.pid))
        for _ in range(invokes):
            asked = perf_counter()
            await _ask(contestant, sandbox, event)
            times.invoke_us.append((perf_counter() - asked) * 1e6)
        times.resident_mb.append(_resident_mb(sandbox.pid))
    finally:
        await sandbox.stop()


async def _ask(contestant: Contestant, sandbox: Sandbox, event: bytes) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{contestant.name}"
    outcome = await sandbox.invoke(Call(payload=event, arn=arn))
    if outcome.error or json.loads(outcome.payload).get("statusCode") != 200:
        raise SystemExit(f"{contestant.name} answered {outcome.payload.decode()[:500]}")


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS * 1000


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20
