"""What a million answers cost at each memory size, and when a server would be cheaper."""

from dataclasses import dataclass
from math import ceil

from infra.doctor.examination import Dose, Examination
from infra.prices import INSTANCE_CORES, RESTORE_GB, SECONDS_A_MONTH, SNAPSHOT_GB_SECOND
from serving.prices import Prices

MILLION = 1_000_000
# Of a hundred requests, how many are reckoned to meet a sandbox that has to start.
COLD_SHARE = 0.01
ASSUMED = (
    f"Prices of us-east-1 as of 2026-11; {COLD_SHARE:.0%} of requests are reckoned to start a "
    "sandbox; arm64 is reckoned with the times of x86_64."
)
_MB_PER_GB = 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars for a million answers in a month, Lambda alone.

    `gateway` is what API Gateway and its authorizer cost on top.
    """

    memory_mb: int
    x86_64: float
    arm64: float
    x86_64_snapstart: float
    arm64_snapstart: float
    gateway: float


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Against a server that is always on: from how many requests a month, and can it do so many?"""

    instance_month_usd: float
    requests_a_month: float
    instance_requests_a_second: float

    @property
    def requests_a_second(self) -> float:
        """The same, as a rate that never pauses."""
        return self.requests_a_month / SECONDS_A_MONTH


def of(found: Examination, prices: Prices) -> tuple[Cost, ...]:
    """The costs at each size that the function could be started with."""
    return tuple(_cost(dose, prices) for dose in found.doses)


def mean_ms(dose: Dose) -> float:
    """How long callers wait on average, those included who meet a sandbox that has to start."""
    return (1 - COLD_SHARE) * dose.p50_ms + COLD_SHARE * _cold_ms(dose)


def break_even(dose: Dose, cost: Cost, prices: Prices) -> BreakEven:
    """When the instance of the price list is cheaper than this size on x86_64."""
    month = prices.instance_hour * SECONDS_A_MONTH / 3600
    each = (cost.x86_64 + cost.gateway) / MILLION
    return BreakEven(
        instance_month_usd=round(month, 2),
        requests_a_month=round(month / each),
        instance_requests_a_second=round(INSTANCE_CORES * 1000 / max(dose.cpu_ms, 0.001), 1),
    )


def _cost(dose: Dose, prices: Prices) -> Cost:
    gb = dose.memory_mb / _MB_PER_GB
    warm_s = ceil(dose.p50_ms) / 1000
    cold_s = ceil(_cold_ms(dose)) / 1000
    kept = gb * SNAPSHOT_GB_SECOND * SECONDS_A_MONTH + COLD_SHARE * MILLION * gb * RESTORE_GB

    def usd(gb_second: float, start_s: float) -> float:
        seconds = (1 - COLD_SHARE) * warm_s + COLD_SHARE * start_s
        return MILLION * (prices.request + gb * gb_second * seconds)

    return Cost(
        memory_mb=dose.memory_mb,
        x86_64=round(usd(prices.gb_second_x86_64, cold_s), 4),
        arm64=round(usd(prices.gb_second_arm64, cold_s), 4),
        x86_64_snapstart=round(usd(prices.gb_second_x86_64, warm_s) + kept, 4),
        arm64_snapstart=round(usd(prices.gb_second_arm64, warm_s) + kept, 4),
        gateway=round(MILLION * (prices.gateway_call + prices.authorization), 4),
    )


def _cold_ms(dose: Dose) -> float:
    return dose.init_ms + dose.phases["first run"]
