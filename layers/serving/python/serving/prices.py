"""What an answer costs, from the public price lists of AWS in us-east-1 as of 2026-11."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from serving.types import JsonObject

PER_REQUEST_USD = 0.20 / 1e6
PER_GB_SECOND_USD = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
PER_GATEWAY_CALL_USD = 3.50 / 1e6
_MB_PER_GB = 1024

# Milliseconds of compute -> an answer's `usage`.
Usage = Callable[[float], JsonObject]


@dataclass(frozen=True, slots=True)
class Meter:
    """Prices the answers of one function."""

    memory_mb: int
    architecture: str

    def answer_usd(self, duration_ms: float, through_gateway: bool) -> float:
        """The price of one invoke, billed by the started millisecond.

        Leaves out the init phase and data transfer.
        """
        gb_seconds = ceil(duration_ms) / 1000 * self.memory_mb / _MB_PER_GB
        compute = gb_seconds * PER_GB_SECOND_USD[self.architecture]
        return compute + PER_REQUEST_USD + (PER_GATEWAY_CALL_USD if through_gateway else 0.0)

    def usage(self, cold: bool, through_gateway: bool) -> Usage:
        """What fills in the `usage` of one answer, once its compute time is known."""

        def usage(compute_ms: float) -> JsonObject:
            cost = self.answer_usd(compute_ms, through_gateway)
            return {"compute_ms": round(compute_ms, 3), "cold": cold, "cost_usd": round(cost, 10)}

        return usage
