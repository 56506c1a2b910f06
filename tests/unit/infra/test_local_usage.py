"""Throttles, quotas and shares of traffic, with clocks that the tests turn."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.local.function import Alias
from infra.local.gateway_responses import Refused
from infra.local.usage import Key, Keys, Quota, TokenBucket, read_keys


def test_bucket_gives_its_burst_and_then_its_rate() -> None:
    now = 0.0
    bucket = TokenBucket(rate=2, burst=3, clock=lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now = 0.6
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 100
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(("period", "days"), [("DAY", 1), ("WEEK", 7), ("MONTH", 31)])
def test_quota_begins_anew_with_each_period(period: str, days: int) -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    quota = Quota(2, period, now=lambda: now)
    assert [quota.use() for _ in range(3)] == [True, True, False]
    now += timedelta(days=days)
    assert [quota.use() for _ in range(3)] == [True, True, False]


def test_keys_get_their_plans_limits() -> None:
    keys = {
        "one": {"Enabled": True, "Value": "a-given-value"},
        "two": {"Enabled": True},
        "off": {"Enabled": False},
    }
    plans = {"small": {"Quota": {"Limit": 1, "Period": "DAY"}}, "large": {}}
    links = [
        {"KeyId": "one", "UsagePlanId": "small"},
        {"KeyId": "two", "UsagePlanId": "large"},
        {"KeyId": "off", "UsagePlanId": "large"},
    ]
    known = read_keys(keys, plans, links)
    one, two, off = known
    assert known.find("a-given-value") is one
    assert known.find(off.value) is None
    assert len(two.value) >= 20
    one.meter()
    with pytest.raises(Refused, match="QUOTA_EXCEEDED"):
        one.meter()
    two.meter()
    two.meter()


def test_throttled_request_uses_up_no_quota() -> None:
    plan = {
        "Throttle": {"RateLimit": 0.001, "BurstLimit": 1},
        "Quota": {"Limit": 1, "Period": "MONTH"},
    }
    [key] = read_keys({"k": {"Enabled": True}}, {"p": plan}, [{"KeyId": "k", "UsagePlanId": "p"}])
    key.meter()
    with pytest.raises(Refused, match="THROTTLED"):
        key.meter()


def test_key_counts_from_when_it_is_put_on_a_plan_until_it_is_removed() -> None:
    keys = Keys({"small": {"Quota": {"Limit": 2, "Period": "DAY"}}})
    keys.add(Key("id", "name", "value"))
    assert keys.find("value") is None
    linked = keys.link("id", "small")
    assert keys.find("value") is linked
    linked.meter()
    assert linked.quota is not None
    assert (linked.quota.used, linked.quota.limit) == (1, 2)
    with pytest.raises(KeyError):
        keys.add(Key("other", "name", "value"))
    keys.remove("id")
    assert keys.find("value") is None


def test_alias_shares_out_by_weight() -> None:
    alias = Alias("live", "1", {"2": 0.25, "3": 0.25})
    shares = [alias.choose(chance) for chance in (0, 0.24, 0.25, 0.49, 0.5, 0.99)]
    assert shares == ["2", "2", "3", "3", "1", "1"]
    assert Alias("live", "1").choose(0) == "1"
