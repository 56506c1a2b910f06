"""The table of what was used: deliveries are added once, rows are read by their caller.

CloudWatch Logs and Lambda both deliver at least once.  So each delivery leaves its id in the table,
in the same transaction as its sums, and one that is there already adds nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from functions.usage.deliveries import Delivery
from serving import metering
from serving.metering import Used
from serving.types import JsonObject

# A transaction takes 100 items (Amazon DynamoDB quotas), of which one is the delivery's id.
_MOST = 99
# Another delivery of the same model may write at the same moment.
_ATTEMPTS = 6
_PAUSE_S = 0.05
_DAY_S = 86_400
# Rows are kept for longer than a year, ids for longer than anyone delivers again (a day).
_ROW_DAYS = 400
_ID_DAYS = 3


class UsageTable:
    """The table, over a client of DynamoDB."""

    def __init__(
        self,
        client: Any,
        name: str,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._pause = pause

    def add(self, delivery: Delivery) -> None:
        """Add a delivery's sums, unless that was done before."""
        for start in range(0, len(delivery.rows), _MOST):
            self._add(f"delivery#{delivery.id}", str(start), delivery.rows[start : start + _MOST])

    def read(self, caller: str, first_day: str, last_day: str) -> list[Used]:
        """A caller's rows of some days, by day and model."""
        return list(self._query(caller, *metering.periods(first_day, last_day)))

    def _add(self, delivery: str, part: str, rows: Sequence[Used]) -> None:
        once = {
            "Put": {
                "TableName": self._name,
                "Item": {
                    "caller": {"S": delivery},
                    "period": {"S": part},
                    "expires": self._expiry(_ID_DAYS),
                },
                "ConditionExpression": "attribute_not_exists(caller)",
            }
        }
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._client.transact_write_items(TransactItems=[once, *map(self._update, rows)])
                return
            except self._client.exceptions.TransactionCanceledException as error:
                if _reason(error, 0) == "ConditionalCheckFailed":
                    return
                if attempt == _ATTEMPTS:
                    raise
                self._pause(_PAUSE_S * 2**attempt)

    def _update(self, row: Used) -> JsonObject:
        amounts = {f":{name}": value for name, value in row.amounts().items()}
        sums = ", ".join(f"{name[1:]} {name}" for name in amounts)
        return {
            "Update": {
                "TableName": self._name,
                "Key": row.key,
                "UpdateExpression": f"ADD {sums} SET expires = :expires",
                "ExpressionAttributeValues": {**amounts, ":expires": self._expiry(_ROW_DAYS)},
            }
        }

    def _expiry(self, days: int) -> JsonObject:
        return {"N": str(int(self._clock()) + days * _DAY_S)}

    def _query(self, caller: str, first: str, last: str) -> Iterator[Used]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="caller = :caller AND period BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":caller": {"S": caller},
                ":first": {"S": first},
                ":last": {"S": last},
            },
        )
        for page in pages:
            yield from map(Used.from_item, page["Items"])


def _reason(error: ClientError, place: int) -> str:
    """Why one item of a transaction did not go through."""
    reasons: Any = error.response.get("CancellationReasons", [])
    return str(reasons[place].get("Code", "")) if place < len(reasons) else ""
