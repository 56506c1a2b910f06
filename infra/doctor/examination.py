"""The function at every memory size, in the local cloud's sandbox, under Lambda's CPU share."""

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from infra import template
from infra.doctor import cpu_share
from infra.doctor.cpu_share import Share
from infra.doctor.subject import Subject
from infra.local import runtime
from infra.local.code import Code, Host
from infra.local.invocation import Call
from infra.local.sandbox import Sandbox
from serving.folder import ModelFolder
from serving.session import MB_PER_VCPU
from serving.types import JsonObject

SIZES_MB = (512, 1024, 1769, 3008, 5307, 10240)
# Lambda's own numbers: a start may take 10 s; a function has 625 Mbit/s (AWS Lambda quotas).
INIT_LIMIT_MS = 10_000
NETWORK_BYTES_MS = 625_000_000 / 8 / 1000
_ROOT = Path(__file__).parents[2]
_START_S = 120.0
_SECONDS = 1.5
_MOST = 300
_OK = 200


class ExaminationError(Exception):
    """The function did not start or did not answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Dose:
    """What was found at one memory size; times in ms, `phases` those of the start.

    `answers` is how many were timed after the first: of a few, p99 is nearly the slowest.
    """

    memory_mb: int
    vcpus: float
    init_ms: float
    phases: dict[str, float]
    answers: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    peak_mb: float
    resident_mb: float


@dataclass(frozen=True, slots=True)
class Examination:
    """Every dose that the function could be started with, why not the others, and by what means."""

    doses: tuple[Dose, ...]
    refused: dict[int, str]
    share: str


def examine(subject: Subject, say: Callable[[str], None]) -> Examination:
    """Start and ask the function at each size.  Raises ExaminationError when it fits none."""
    refused: dict[int, str] = {}
    with ExitStack() as closing:
        scratch = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="doctor-")))
        share = closing.enter_context(cpu_share.limited())
        host = Host(
            runtime=scratch / "runtime",
            visible=(runtime.link(scratch / "runtime"), _ROOT, subject.task_root.parent),
            scratch=scratch,
            logs=scratch,
            environment={"AWS_ACCESS_KEY_ID": "doctor", "AWS_SECRET_ACCESS_KEY": "doctor"},
        )
        log = closing.enter_context((scratch / "log").open("ab"))
        found: dict[int, list[Dose]] = {}
        for memory_mb in (*SIZES_MB, *SIZES_MB):
            say(f"{memory_mb} MB")
            code = _code(subject, memory_mb)
            try:
                dose = asyncio.run(_dose(subject, code, host, log.fileno(), share))
            except ExaminationError as error:
                refused[memory_mb] = str(error)
                continue
            found.setdefault(memory_mb, []).append(dose)
    doses = tuple(_least_disturbed(found[size]) for size in SIZES_MB if size in found)
    if not doses:
        raise ExaminationError(f"{subject.facts.name} fits no size: {refused[max(refused)]}")
    never = {size: reason for size, reason in refused.items() if size not in found}
    return Examination(doses, never, f"{share.by}, up to {_cores()} vCPU")


async def _dose(subject: Subject, code: Code, host: Host, log: int, share: Share) -> Dose:
    started = perf_counter()
    sandbox = await Sandbox.start(code, host, log)
    try:
        share.take(sandbox.pid, _imitable(code.memory_mb))
        if problem := await sandbox.ready(_START_S):
            raise ExaminationError(_reason(problem.payload))
        init_ms = (perf_counter() - started) * 1000
        question = {"event": _event(subject), "seconds": _SECONDS, "most": _MOST}
        outcome = await sandbox.invoke(Call(payload=json.dumps(question).encode(), arn=code.arn))
        if outcome.error:
            raise ExaminationError(_reason(outcome.payload))
    finally:
        await sandbox.stop()
    found = json.loads(outcome.payload)
    if found["status"] != _OK:
        raise ExaminationError(f"it answers {found['status']}: {found['body']}")
    return _read(found, init_ms, subject, code.memory_mb, share)


def _imitable(memory_mb: int) -> int:
    """The memory, or the most that this machine has processors for."""
    return min(memory_mb, max(SIZES_MB[0], _cores() * MB_PER_VCPU))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _least_disturbed(doses: list[Dose]) -> Dose:
    """Of the same start made twice, whose first filled the page cache, the quicker in each."""
    quickest = min(doses, key=lambda dose: dose.init_ms)
    calmest = min(doses, key=lambda dose: dose.p99_ms)
    return replace(calmest, init_ms=quickest.init_ms, phases=quickest.phases)


def _read(
    found: JsonObject, init_ms: float, subject: Subject, memory_mb: int, share: Share
) -> Dose:
    def real(wall_ms: float) -> float:
        return round(share.stretched(wall_ms, memory_mb), 3)

    inside = {name: real(ms) for name, ms in found["phases"].items()}
    first = inside.pop("first")
    fetch = round(subject.fetched_bytes / NETWORK_BYTES_MS, 3)
    runtime_ms = max(real(init_ms) - sum(inside.values()), 0.0)
    walls = sorted(found["walls_ms"])
    return Dose(
        memory_mb=memory_mb,
        vcpus=round(cpu_share.vcpus(memory_mb), 2),
        init_ms=round(real(init_ms) + fetch, 3),
        phases={"runtime": round(runtime_ms, 3), "fetch": fetch, **inside, "first run": first},
        answers=len(walls),
        p50_ms=real(median(walls)),
        p99_ms=real(walls[ceil(0.99 * len(walls)) - 1]),
        cpu_ms=round(found["cpu_ms"], 3),
        peak_mb=round(found["memory_mb"]["peak"], 1),
        resident_mb=round(found["memory_mb"]["resident"], 1),
    )


def _event(subject: Subject) -> dict[str, Any]:
    """The proxy event that asks the model's own example."""
    question = subject.question
    return {
        "httpMethod": "POST",
        "path": question.path,
        "headers": {"Content-Type": question.media_type},
        "requestContext": {"stage": "live"},
        "body": base64.b64encode(question.body).decode(),
        "isBase64Encoded": True,
    }


def _code(subject: Subject, memory_mb: int) -> Code:
    name = subject.facts.name
    # A function takes a thread for each vCPU that its memory brings: for those that are here.
    told = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(_imitable(memory_mb))}
    return Code(
        name=f"doctor-{name}",
        version="1",
        task_root=subject.task_root,
        layers=subject.layers,
        handler="patient.handler",
        memory_mb=memory_mb,
        timeout_s=_START_S,
        tmp_mb=512,
        environment=_environment(subject.facts) | told,
    )


def _environment(facts: ModelFolder) -> dict[str, str]:
    """A model's environment as the template has it; what it names in the cloud is not there."""
    [variables] = [
        variables
        for resource in template.render([facts])["Resources"].values()
        if "FLOTILLA_MODEL" in (variables := _variables(resource))
    ]
    return {name: value if isinstance(value, str) else "" for name, value in variables.items()}


def _variables(resource: JsonObject) -> JsonObject:
    found: JsonObject = resource["Properties"].get("Environment", {}).get("Variables", {})
    return found


def _reason(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["errorMessage"])
    except (KeyError, TypeError, ValueError):
        return payload.decode(errors="replace")[:300]
