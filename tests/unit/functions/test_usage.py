"""Counting what callers use: from the lines that models log to what a caller is told."""

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.usage import deliveries, report
from functions.usage.deliveries import Delivery
from functions.usage.table import UsageTable
from infra.local.log_delivery import Subscription, envelope
from infra.resources.usage import PATTERN
from serving.errors import MethodNotAllowed, Unprocessable
from serving.http import Request
from serving.metering import Used
from serving.telemetry import Telemetry
from tests.unit.serving.conftest import Context

SUBSCRIPTION = Subscription("flotilla-iris", "/aws/lambda/flotilla-iris", PATTERN, "usage", "live")
NOON = 1_763_985_600_000  # 2025-11-24


def price(memory_mb: int, duration_ms: float, through_gateway: bool) -> float:
    return memory_mb * duration_ms + through_gateway


def logged(caller: str, door: str = "http") -> str:
    """The line that the engine really writes."""
    with redirect_stdout(io.StringIO()) as printed:
        telemetry = Telemetry("iris", "Flotilla", lambda: "")
        telemetry.record(Context(), door, "/v1/models/iris/predict", 200, 0.0, caller)
    return printed.getvalue()


def line(caller: str, latency_ms: float, door: str = "http") -> str:
    return json.dumps({**json.loads(logged(caller, door)), "Latency": latency_ms})


def delivered(*lines: str, at: int = NOON) -> dict[str, Any]:
    events = [
        {"id": str(place), "timestamp": at, "message": text} for place, text in enumerate(lines)
    ]
    event: dict[str, Any] = json.loads(envelope(SUBSCRIPTION, events))
    return event


def used(requests: int, compute_ms: float, cost_usd: float, caller: str = "key_a") -> Used:
    return Used(
        caller=caller,
        day="2025-11-24",
        model="iris",
        requests=requests,
        compute_ms=compute_ms,
        cost_usd=cost_usd,
    )


def test_lines_of_the_engine_add_up_by_caller() -> None:
    lines = [line("key_a", 2.0), line("key_b", 5.0), line("key_a", 3.0, "upload")]
    found = deliveries.read(delivered(*lines), price)
    memory_mb = int(Context().memory_limit_in_mb)
    assert found.rows == [
        used(2, 5.0, 5.0 * memory_mb + 1),
        used(1, 5.0, 5.0 * memory_mb + 1, "key_b"),
    ]


def test_day_is_the_one_of_the_line_in_utc() -> None:
    midnight = NOON + 12 * 3600 * 1000
    for at, day in ((midnight - 1, "2025-11-24"), (midnight, "2025-11-25")):
        [row] = deliveries.read(delivered(line("key_a", 1.0), at=at), price).rows
        assert row.day == day


def test_delivery_has_the_same_id_when_it_comes_again_and_no_other() -> None:
    one, two = delivered(line("key_a", 1.0)), delivered(line("key_a", 1.0), line("key_a", 1.0))
    assert deliveries.read(one, price).id == deliveries.read(one, price).id
    assert deliveries.read(one, price).id != deliveries.read(two, price).id


class Client:
    """DynamoDB's client, of which a transaction goes as each of these reasons says."""

    class exceptions:
        TransactionCanceledException = ClientError

    def __init__(self, *reasons: str) -> None:
        self.reasons = list(reasons)
        self.transactions: list[list[dict[str, Any]]] = []

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> None:
        self.transactions.append(TransactItems)
        if self.reasons and (reason := self.reasons.pop(0)):
            response: Any = {"Error": {}, "CancellationReasons": [{"Code": reason}]}
            raise ClientError(response, "TransactWriteItems")


def table(client: Client) -> UsageTable:
    return UsageTable(client, "usage", clock=lambda: 1_000.0, pause=lambda _: None)


def test_sums_and_the_deliverys_id_are_written_together() -> None:
    client = Client()
    table(client).add(Delivery("abc", [used(2, 5.0, 0.25)]))
    [[once, update]] = client.transactions
    assert once["Put"]["ConditionExpression"] == "attribute_not_exists(caller)"
    assert once["Put"]["Item"]["caller"] == {"S": "delivery#abc"}
    assert update["Update"]["Key"] == {"caller": {"S": "key_a"}, "period": {"S": "2025-11-24#iris"}}
    values = update["Update"]["ExpressionAttributeValues"]
    assert (values[":requests"], values[":cost_usd"]) == ({"N": "2"}, {"N": "0.250000000000"})


def test_delivery_that_was_counted_is_left_alone() -> None:
    client = Client("ConditionalCheckFailed")
    table(client).add(Delivery("abc", [used(1, 1.0, 1.0)]))
    assert len(client.transactions) == 1


def test_transaction_that_met_another_is_tried_again_and_not_for_ever() -> None:
    client = Client("TransactionConflict", "TransactionConflict", "")
    table(client).add(Delivery("abc", [used(1, 1.0, 1.0)]))
    assert len(client.transactions) == 3
    with pytest.raises(ClientError):
        table(Client(*["TransactionConflict"] * 20)).add(Delivery("abc", [used(1, 1.0, 1.0)]))


def test_delivery_of_many_callers_is_written_in_parts_each_once() -> None:
    client = Client()
    rows = [used(1, 1.0, 1.0, f"key_{number}") for number in range(150)]
    table(client).add(Delivery("abc", rows))
    assert [len(items) for items in client.transactions] == [100, 52]
    places = [items[0]["Put"]["Item"]["period"]["S"] for items in client.transactions]
    assert len(set(places)) == 2


def ask(method: str = "GET", **query: str) -> Any:
    rows = [used(2, 5.0, 0.25), used(1, 1.5, 0.5)]
    asked: list[tuple[str, str, str]] = []

    def read(*arguments: str) -> list[Used]:
        asked.append(arguments)  # type: ignore[arg-type]
        return rows

    request = Request(method, "/v1/usage", caller="key_a")
    now = datetime(2025, 11, 24, 12, tzinfo=UTC)
    response = report.answer(request, query, SimpleNamespace(read=read), lambda: now)  # type: ignore[arg-type]
    return asked, json.loads(response.body)


def test_caller_is_told_his_own_usage_of_this_month_with_its_sums() -> None:
    asked, told = ask()
    assert asked == [("key_a", "2025-11-01", "2025-11-24")]
    assert (told["requests"], told["compute_ms"], told["cost_usd"]) == (3, 6.5, 0.75)
    assert told["usage"][0] == {
        "day": "2025-11-24",
        "model": "iris",
        "requests": 2,
        "compute_ms": 5.0,
        "cost_usd": 0.25,
    }


def test_caller_may_choose_the_days() -> None:
    query = {"from": "2025-01-02", "to": "2025-02-03"}
    assert ask(**query)[0] == [("key_a", "2025-01-02", "2025-02-03")]


def test_days_begin_with_the_month_of_the_last_one() -> None:
    assert ask(to="2025-10-15")[0] == [("key_a", "2025-10-01", "2025-10-15")]


@pytest.mark.parametrize(
    "query", [{"from": "2025-02-03", "to": "2025-02-02"}, {"from": "2025-11-25"}]
)
def test_first_day_is_not_after_the_last(query: dict[str, str]) -> None:
    with pytest.raises(Unprocessable, match="expected a day that is not after"):
        ask(**query)


@pytest.mark.parametrize("query", [{"from": "1.2.2025"}, {"to": "2025-13-01"}, {"since": "x"}])
def test_other_queries_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(Unprocessable, match="expected"):
        ask(**query)


def test_other_methods_are_refused() -> None:
    with pytest.raises(MethodNotAllowed, match="takes GET, not POST"):
        ask("POST")


def test_rows_survive_the_table() -> None:
    row = used(2, 5.0, 0.25)
    assert Used.from_item({**row.key, **row.amounts()}) == row
