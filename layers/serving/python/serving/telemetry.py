"""One JSON line a request: log record and metrics at once.

The record has the fields of Powertools' Logger, the metrics the Embedded Metric Format of
CloudWatch, which Powertools' Metrics writes too; one short function writes both, because importing
either costs a cold start more than the whole engine.
Format: AWS, "CloudWatch embedded metric format specification".
"""

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from serving import strict_json
from serving.json_types import JsonObject
from serving.lambda_context import LambdaContext

_METRICS = [
    {"Name": "Requests", "Unit": "Count"},
    {"Name": "Errors", "Unit": "Count"},
    {"Name": "Faults", "Unit": "Count"},
    {"Name": "ColdStart", "Unit": "Count"},
    {"Name": "Latency", "Unit": "Milliseconds"},
]
_CLIENT_ERROR = 400
_FAULT = 500


@dataclass(slots=True)
class Telemetry:
    """Writes the lines of one function; `trace_id` gives the current X-Ray header.

    It is `cold` until a request has been recorded.
    """

    service: str
    namespace: str
    trace_id: Callable[[], str]
    cold: bool = field(default=True, init=False)
    _directives: list[JsonObject] = field(init=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """The telemetry of the function whose environment this is, as Powertools names things."""
        return cls(
            service=environ["POWERTOOLS_SERVICE_NAME"],
            namespace=environ["POWERTOOLS_METRICS_NAMESPACE"],
            trace_id=lambda: environ.get("_X_AMZN_TRACE_ID", ""),
        )

    def __post_init__(self) -> None:
        self._directives = [
            {"Namespace": self.namespace, "Dimensions": [["service"]], "Metrics": _METRICS}
        ]

    def record(
        self,
        context: LambdaContext,
        door: str,
        route: str,
        status: int,
        started: float,
        caller: str = "",
    ) -> None:
        """Write the line of one answered request; `started` is of `time.perf_counter`.

        It names the `caller` when there is one: that is what usage is counted by.
        """
        now = time.time()
        line = {
            **self._line(context, "INFO", "request", now),
            "door": door,
            "route": route,
            "status": status,
            "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": self._directives},
            "Requests": 1,
            "Errors": int(_CLIENT_ERROR <= status < _FAULT),
            "Faults": int(status >= _FAULT),
            "ColdStart": int(self.cold),
            "Latency": (time.perf_counter() - started) * 1000,
        }
        if caller:
            line["caller"] = caller
        self.cold = False
        _write(line)

    def fault(self, context: LambdaContext, error: Exception) -> None:
        """Write the line of a bug, with its traceback."""
        line = self._line(context, "ERROR", "bug", time.time())
        line["exception_name"] = type(error).__name__
        line["exception"] = "".join(traceback.format_exception(error))
        _write(line)

    def _line(self, context: LambdaContext, level: str, message: str, now: float) -> JsonObject:
        stamp = _to_the_second(int(now))
        return {
            "level": level,
            "message": message,
            "timestamp": f"{stamp},{int(now * 1000) % 1000:03d}+0000",
            "service": self.service,
            "cold_start": self.cold,
            "function_name": context.function_name,
            "function_memory_size": context.memory_limit_in_mb,
            "function_arn": context.invoked_function_arn,
            "function_request_id": context.aws_request_id,
            "xray_trace_id": self.trace_id().partition(";")[0].removeprefix("Root="),
        }


@lru_cache(maxsize=1)
def _to_the_second(now: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))


def _write(line: JsonObject) -> None:
    sys.stdout.write(strict_json.dumps(line).decode() + "\n")
    sys.stdout.flush()
