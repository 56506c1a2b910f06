"""What a caller used of a model on a day: the rows that the service `usage` adds up in its table.

The rows of one caller lie together, by day and then by model.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from serving.json_types import JsonObject

_BETWEEN = "#"
# Comes after every model's name, so that a range of days takes in the whole of its last one.
_AFTER_ALL = "~"
# A table counts in decimals; finer than this is noise of the clock, or a millionth of a cent.
_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A row; `day` is `2026-11-22`, in UTC, and the cost is as `serving.prices` reckons it."""

    caller: str
    day: str
    model: str
    requests: int
    compute_ms: float
    cost_usd: float

    @property
    def period(self) -> str:
        """The row's place among those of its caller."""
        return f"{self.day}{_BETWEEN}{self.model}"

    @property
    def key(self) -> JsonObject:
        """The row's key, as DynamoDB has it."""
        return {"caller": {"S": self.caller}, "period": {"S": self.period}}

    def __add__(self, other: Self) -> Self:
        return type(self)(
            caller=self.caller,
            day=self.day,
            model=self.model,
            requests=self.requests + other.requests,
            compute_ms=self.compute_ms + other.compute_ms,
            cost_usd=self.cost_usd + other.cost_usd,
        )

    def amounts(self) -> JsonObject:
        """What there is to add, as DynamoDB has it."""
        return {
            "requests": {"N": str(self.requests)},
            "compute_ms": {"N": _decimal(self.compute_ms)},
            "cost_usd": {"N": _decimal(self.cost_usd)},
        }

    def shown(self) -> JsonObject:
        """The row for those who know whose it is."""
        return {
            "day": self.day,
            "model": self.model,
            "requests": self.requests,
            "compute_ms": round(self.compute_ms, 3),
            "cost_usd": round(self.cost_usd, _DECIMALS),
        }

    @classmethod
    def from_item(cls, item: JsonObject) -> Self:
        """The row that DynamoDB has."""
        day, _, model = item["period"]["S"].partition(_BETWEEN)
        return cls(
            caller=item["caller"]["S"],
            day=day,
            model=model,
            requests=int(item["requests"]["N"]),
            compute_ms=float(item["compute_ms"]["N"]),
            cost_usd=float(item["cost_usd"]["N"]),
        )


def periods(first_day: str, last_day: str) -> tuple[str, str]:
    """The least and the greatest place of a row of these days."""
    return first_day, f"{last_day}{_BETWEEN}{_AFTER_ALL}"


def _decimal(value: float) -> str:
    return str(round(Decimal(value), _DECIMALS))
