"""What answers cost: sums of the usage table by model and caller, and what they say of a server.

Costs are reckoned from what models log (`serving.prices`); what counts is AWS's bill.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from serving import metering
from serving.metering import Used

MILLION = 1_000_000
_HOUR_MS = 3_600_000


class CostsError(Exception):
    """The usage cannot be read."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What somebody used or some model cost: `name` is the model's or the caller's."""

    name: str
    requests: int
    compute_ms: float
    cost_usd: float

    @property
    def per_million_usd(self) -> float:
        """The forecast: what a million more such requests would cost."""
        return self.cost_usd / self.requests * MILLION if self.requests else 0.0

    @property
    def mean_ms(self) -> float:
        """The mean time of a request."""
        return self.compute_ms / self.requests if self.requests else 0.0

    def break_even_per_hour(self, instance_hour_usd: float) -> float:
        """Requests an hour from which on a server at this price would be cheaper.

        A server costs `instance_hour_usd` whatever comes, a request `cost_usd / requests`.
        """
        return instance_hour_usd * self.requests / self.cost_usd if self.cost_usd else 0.0

    def busy(self, instance_hour_usd: float, cores: int) -> float:
        """Which share of the server's cores those requests would keep busy; over 1: too many.

        At a core each, which is more than a function with less than 1,769 MB has.
        """
        per_hour = self.break_even_per_hour(instance_hour_usd)
        return per_hour * self.mean_ms / (_HOUR_MS * cores)


def read(dynamodb: Any, table: str, first_day: str, last_day: str) -> list[Used]:
    """Every caller's rows of some days; `dynamodb` is a boto3 client.  Raises CostsError."""
    first, last = metering.periods(first_day, last_day)
    try:
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=table,
            # The ids of deliveries are in the table, too.
            FilterExpression="attribute_exists(requests) AND period BETWEEN :first AND :last",
            ExpressionAttributeValues={":first": {"S": first}, ":last": {"S": last}},
        )
        return [Used.from_item(item) for page in pages for item in page["Items"]]
    except (BotoCoreError, ClientError) as error:
        raise CostsError(f"the usage cannot be read: {error}") from None


def by_model(rows: Iterable[Used]) -> list[Spent]:
    """The sums of each model, the dearest first."""
    return _summed(rows, lambda row: row.model)


def by_caller(rows: Iterable[Used]) -> list[Spent]:
    """The sums of each caller, the dearest first."""
    return _summed(rows, lambda row: row.caller)


def total(rows: Iterable[Used]) -> Spent:
    """The sum of everything."""
    summed = _summed(rows, lambda row: "")
    return summed[0] if summed else Spent("", 0, 0.0, 0.0)


def _summed(rows: Iterable[Used], name: Callable[[Used], str]) -> list[Spent]:
    sums: dict[str, Spent] = {}
    for row in rows:
        before = sums.get(name(row), Spent(name(row), 0, 0.0, 0.0))
        sums[name(row)] = Spent(
            before.name,
            before.requests + row.requests,
            before.compute_ms + row.compute_ms,
            before.cost_usd + row.cost_usd,
        )
    return sorted(sums.values(), key=lambda spent: (-spent.cost_usd, spent.name))
