"""The handler that doctor's sandboxes run: the model's own, timed from within.

It stands alone in the function's folder, beside nothing of this repository: what it imports first
is the engine, and how long that takes is the first thing that it tells.
"""

import json
import sys
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

_PHASES = ("check", "session", "task")
_IMPORTED = (
    "serving.lean_imports",
    "serving.artifact",
    "serving.fetch",
    "serving.hooks",
    "serving.handler",
    "serving.routes",
    "serving.service",
    "serving.telemetry",
)


class _Stopwatch:
    """Wall time of each phase, nested ones counted once."""

    def __init__(self) -> None:
        self.ms = dict.fromkeys(_PHASES, 0.0)
        self._inner = [0.0]

    def time(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time added to a phase."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            started = perf_counter()
            self._inner.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                spent = (perf_counter() - started) * 1000
                self.ms[phase] += spent - self._inner.pop()
                self._inner[-1] += spent

        return timed


_started = perf_counter()
for _name in _IMPORTED:
    __import__(_name)
_phases = {"imports": (perf_counter() - _started) * 1000}
_watch = _Stopwatch()
_artifact, _session, _tasks = (
    sys.modules[f"serving.{name}"] for name in ("artifact", "session", "tasks")
)
for _owner, _function, _phase in (
    (_artifact, "load", "check"),
    (_artifact.Artifact, "read", "check"),
    (_artifact.Artifact, "mapped_graph", "check"),
    (_session.Session, "__init__", "session"),
    (_tasks, "build", "task"),
):
    setattr(_owner, _function, _watch.time(_phase, getattr(_owner, _function)))
_started = perf_counter()
from serving import entry  # noqa: E402 - what it imports and does is timed

_total = (perf_counter() - _started) * 1000
_phases |= _watch.ms | {"rest": _total - sum(_watch.ms.values())}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request often: `{"event", "seconds", "most"}` to times, memory and one status."""
    asked = event["event"]
    started = perf_counter()
    reply = entry.handler(asked, context)
    first_ms = (perf_counter() - started) * 1000
    walls: list[float] = []
    cpu = process_time()
    begun = perf_counter()
    while len(walls) < event["most"] and perf_counter() - begun < event["seconds"]:
        started = perf_counter()
        entry.handler(asked, context)
        walls.append((perf_counter() - started) * 1000)
    cpu_ms = (process_time() - cpu) * 1000 / max(len(walls), 1)
    return {
        "status": reply["statusCode"],
        "body": reply["body"][:300],
        "phases": {**_phases, "first": first_ms},
        "walls_ms": walls,
        "cpu_ms": cpu_ms,
        "memory_mb": _memory_mb(),
    }


def _memory_mb() -> dict[str, float]:
    with open("/proc/self/status") as status:
        found = dict(line.split(":", 1) for line in status if line.startswith(("VmHWM", "VmRSS")))
    return {
        name: int(found[key].split()[0]) / 1024
        for name, key in (("peak", "VmHWM"), ("resident", "VmRSS"))
    }


json.dumps({})  # whatever the runtime client needs for the answer is loaded with it
