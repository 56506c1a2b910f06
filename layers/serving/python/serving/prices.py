"""What an answer costs: the one table of prices, and the sum of them for one answer."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import ceil, inf
from typing import Self

from serving.json_types import JsonObject

_MB_PER_GB = 1024

# Milliseconds of compute -> an answer's `usage`.
Usage = Callable[[float], JsonObject]


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars, from AWS's public lists for us-east-1 as of 2026-11 (Lambda, API Gateway, EC2).

    Who pays others says so when he deploys, by the parameter `Prices`.
    """

    request: float = 0.20 / 1e6
    gb_second_x86_64: float = 0.0000166667
    gb_second_arm64: float = 0.0000133334
    gateway_call: float = 3.50 / 1e6
    # The authorizer's own invocation: a request, and a millisecond with 1,024 MB.
    authorization: float = 0.20 / 1e6 + 0.0000166667 / 1000
    # What an always-on server is reckoned at: an on-demand c7i.large, 2 vCPU and 4 GiB.
    instance_hour: float = 0.08925

    @classmethod
    def with_overrides(cls, text: str) -> Self:
        """The list with some prices of one's own: `gateway_call:0,request:1e-7`, or nothing.

        Raises ValueError for a name that there is not, and for what is no price.
        """
        known = [field.name for field in fields(cls)]
        own: dict[str, float] = {}
        for entry in filter(None, text.split(",")):
            name, _, price = (part.strip() for part in entry.partition(":"))
            if name not in known:
                raise ValueError(f"there is no price {name!r}, expected some of {known}")
            own[name] = _dollars(name, price)
        return cls(**own)

    def gb_second(self, architecture: str) -> float:
        """The price of a GB-second on x86_64 or arm64."""
        return self.gb_second_arm64 if architecture == "arm64" else self.gb_second_x86_64


def _dollars(name: str, text: str) -> float:
    try:
        price = float(text)
    except ValueError:
        price = -1.0
    if not 0 <= price < inf:
        raise ValueError(f"the price {name!r} is {text!r}, expected US dollars")
    return price


@dataclass(frozen=True, slots=True)
class Meter:
    """Prices the answers of one function."""

    memory_mb: int
    architecture: str
    prices: Prices = Prices()

    def answer_usd(self, duration_ms: float, through_gateway: bool) -> float:
        """The price of one invoke, billed by the started millisecond.

        Leaves out the init phase, logs, storage and data transfer.
        """
        prices = self.prices
        gb_seconds = ceil(duration_ms) / 1000 * self.memory_mb / _MB_PER_GB
        way = prices.gateway_call + prices.authorization if through_gateway else 0.0
        return gb_seconds * prices.gb_second(self.architecture) + prices.request + way

    def usage(self, cold: bool, through_gateway: bool) -> Usage:
        """What fills in the `usage` of one answer, once its compute time is known."""

        def usage(compute_ms: float) -> JsonObject:
            cost = self.answer_usd(compute_ms, through_gateway)
            return {"compute_ms": round(compute_ms, 3), "cold": cold, "cost_usd": round(cost, 10)}

        return usage
