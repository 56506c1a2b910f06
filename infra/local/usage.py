"""Keys, usage plans and throttles: who may call, how fast and how often.

Throttles are token buckets, as API Gateway's are: `rate` a second, `burst` at once.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
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
        self.limit = limit
        self._format = _PERIODS[period]
        self._now = now
        self._period = ""
        self._used = 0

    def use(self) -> bool:
        """Count one request, if the period has one left."""
        if self.used >= self.limit:
            return False
        self._used += 1
        return True

    @property
    def used(self) -> int:
        """How many requests this period has counted."""
        period = self._now().strftime(self._format)
        if period != self._period:
            self._period, self._used = period, 0
        return self._used


@dataclass(slots=True)
class Key:
    """An API key: requests are counted for it, as its plan has it."""

    id: str
    name: str
    value: str
    enabled: bool = True
    plan: str = ""
    throttle: TokenBucket | None = None
    quota: Quota | None = None

    def meter(self) -> None:
        """Count a request.  Raises Refused when it is one too many."""
        if self.throttle and not self.throttle.take():
            raise Refused("THROTTLED")
        if self.quota and not self.quota.use():
            raise Refused("QUOTA_EXCEEDED")


class Keys:
    """The keys of an account, and the plans that they may be on; `plans` maps ids to properties."""

    def __init__(self, plans: Mapping[str, Block]) -> None:
        self.plans = plans
        self._keys: dict[str, Key] = {}
        self._values: dict[str, Key] = {}

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def add(self, key: Key) -> None:
        """Keep a key.  Raises KeyError when another has its id or its value."""
        if key.id in self._keys or key.value in self._values:
            raise KeyError(key.id)
        self._keys[key.id] = self._values[key.value] = key

    def get(self, key_id: str) -> Key:
        """The key with this id.  Raises KeyError."""
        return self._keys[key_id]

    def remove(self, key_id: str) -> None:
        """Forget a key.  Raises KeyError."""
        del self._values[self._keys.pop(key_id).value]

    def link(self, key_id: str, plan_id: str) -> Key:
        """Put a key on a plan.  Raises KeyError."""
        key, plan = self._keys[key_id], self.plans[plan_id]
        throttle, quota = plan.get("Throttle"), plan.get("Quota")
        key.plan = plan_id
        key.throttle = throttle and TokenBucket(throttle["RateLimit"], throttle["BurstLimit"])
        key.quota = quota and Quota(quota["Limit"], quota["Period"])
        return key

    def find(self, value: str) -> Key | None:
        """The enabled key with this value, if it is on a plan."""
        key = self._values.get(value)
        return key if key and key.enabled and key.plan else None


def read_keys(
    keys: Mapping[str, Block], plans: Mapping[str, Block], links: Iterable[Block]
) -> Keys:
    """The template's keys and plans; a value that the template leaves open is made up.

    `keys` and `plans` map ids to properties, `links` are the plans' keys.
    """
    found = Keys(plans)
    for key_id, properties in keys.items():
        value = properties.get("Value") or secrets.token_urlsafe(30)
        name = properties.get("Name", key_id)
        found.add(Key(key_id, name, value, enabled=bool(properties.get("Enabled"))))
    for link in links:
        found.link(link["KeyId"], link["UsagePlanId"])
    return found
