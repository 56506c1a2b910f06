"""Keys, usage plans and throttles: who may call, how fast and how often.

Throttles are token buckets, as API Gateway's are: `rate` a second, `burst` at once.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from infra.local.gateway_responses import Refused
from infra.resources.blocks import Block

# period -> what of a date stays the same as long as it lasts.
_PERIODS = {"DAY": "%Y-%m-%d", "WEEK": "%G-%V", "MONTH": "%Y-%m"}


class TokenBucket:
    """`rate` tokens come in a second, and at most `burst` are kept."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._seen = clock()

    def take(self) -> bool:
        """Take one token, if there is one."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Quota:
    """So many requests in a calendar period, in UTC."""

    def __init__(
        self, limit: int, period: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._limit = limit
        self._format = _PERIODS[period]
        self._now = now
        self._period = ""
        self._used = 0

    def use(self) -> bool:
        """Count one request, if the period has one left."""
        period = self._now().strftime(self._format)
        if period != self._period:
            self._period, self._used = period, 0
        if self._used >= self._limit:
            return False
        self._used += 1
        return True


class Key:
    """An API key and what its plan allows."""

    def __init__(self, key_id: str, value: str, plan: Block) -> None:
        self.id = key_id
        self.value = value
        throttle, quota = plan.get("Throttle"), plan.get("Quota")
        self._throttle = throttle and TokenBucket(throttle["RateLimit"], throttle["BurstLimit"])
        self._quota = quota and Quota(quota["Limit"], quota["Period"])

    def meter(self) -> None:
        """Count a request.  Raises Refused when it is one too many."""
        if self._throttle and not self._throttle.take():
            raise Refused("THROTTLED")
        if self._quota and not self._quota.use():
            raise Refused("QUOTA_EXCEEDED")


def read_keys(
    keys: Mapping[str, Block], plans: Mapping[str, Block], links: Iterable[Block]
) -> list[Key]:
    """The enabled keys that have a plan; a value that the template leaves open is made up.

    `keys` and `plans` map ids to properties, `links` are the plans' keys.
    """
    return [
        Key(
            link["KeyId"],
            keys[link["KeyId"]].get("Value") or secrets.token_urlsafe(30),
            plans[link["UsagePlanId"]],
        )
        for link in links
        if keys[link["KeyId"]].get("Enabled")
    ]
