"""The engine in its own process: what it adds around `session.run`, to the microsecond.

On the wire the runtime client's own 300 to 500 us would hide it.  The time is the thread's own CPU
time: with one thread a graph runs in the caller's, and a busy machine does not count.
"""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import monotonic, thread_time
from types import SimpleNamespace

import numpy as np

from serving.handler import Handler
from serving.prices import Meter
from serving.routes import Router
from serving.service import Service
from serving.telemetry import Telemetry
from serving.tracing import Tracing

_ROUNDS, _CALLS = 200, 20
ROW = [5.1, 3.5, 1.4, 0.2]


def engine_times(artifact: Path) -> dict[str, float]:
    """Microseconds by step, medians over interleaved rounds."""
    service = Service.load(artifact, memory_mb=1024)
    name, [tensor] = service.name, service.manifest.inputs
    telemetry = Telemetry(name, "Bench", trace_id=lambda: "Root=1-0;Parent=0;Sampled=0")
    handler = Handler(
        Router(service), telemetry, Tracing(name, False), Meter(1024, "x86_64"), _no_uploads
    )
    inputs = {tensor.name: np.array([ROW], dtype=np.float32)}
    rows = {"instances": [ROW]}
    many = {"instances": [ROW] * 32}
    infer = {"inputs": [{"name": tensor.name, "shape": [1, 4], "datatype": "FP32", "data": ROW}]}
    native, oip = f"/v1/models/{name}/predict", f"/v2/models/{name}/infer"
    steps: dict[str, Callable[[], object]] = {
        "session.run alone": lambda: service.session.run(inputs, monotonic() + 25),
        "log line and metrics": lambda: telemetry.record(CONTEXT, "http", native, 200, 0.0),
        "native, one row": _ask(handler, native, rows),
        "native, 32 rows": _ask(handler, native, many),
        "Open Inference, one row": _ask(handler, oip, infer),
    }
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        found = _interleaved(steps)
    run = found["session.run alone"]
    found["around session.run, native"] = found["native, one row"] - run
    found["around session.run, Open Inference"] = found["Open Inference, one row"] - run
    return found


CONTEXT = SimpleNamespace(
    aws_request_id="bench",
    function_name="bench",
    memory_limit_in_mb="1024",
    invoked_function_arn="arn",
    get_remaining_time_in_millis=lambda: 28_000,
)


def _ask(handler: Handler, path: str, document: object) -> Callable[[], object]:
    event = {
        "httpMethod": "POST",
        "path": path,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(document),
    }
    return lambda: handler(event, CONTEXT)


def _interleaved(steps: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(_ROUNDS):
        for name, step in steps.items():
            started = thread_time()
            for _ in range(_CALLS):
                step()
            if number:
                times[name].append((thread_time() - started) / _CALLS * 1e6)
    return {name: median(values) for name, values in times.items()}


def _no_uploads() -> None:
    raise AssertionError("the bench has no uploads")
