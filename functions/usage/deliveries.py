"""What CloudWatch Logs delivers: lines of one model's log, of which each tells of one request.

Format: Amazon CloudWatch Logs user guide, "Subscription filters with AWS Lambda".
"""

import gzip
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from serving.metering import Used
from serving.types import JsonObject

# Memory in MB, duration in ms, whether it came through the gateway -> US dollars.
Price = Callable[[int, float, bool], float]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The sums of one delivery; its id is the same when it is delivered again."""

    id: str
    rows: list[Used]


def is_delivery(event: JsonObject) -> bool:
    """Whether CloudWatch Logs sent it."""
    return "awslogs" in event


def read(event: JsonObject, price: Price) -> Delivery:
    """The sums by caller, day and model of what was delivered.  Raises KeyError, ValueError."""
    document = json.loads(gzip.decompress(b64decode(event["awslogs"]["data"])))
    events: list[JsonObject] = []
    if document["messageType"] == "DATA_MESSAGE":
        events = document["logEvents"]
    rows: dict[tuple[str, str], Used] = {}
    for entry in events:
        row = _row(entry, price)
        place = (row.caller, row.period)
        rows[place] = rows[place] + row if place in rows else row
    name = "".join([document["logGroup"], *(entry["id"] for entry in events)])
    return Delivery(sha256(name.encode()).hexdigest(), list(rows.values()))


def _row(entry: JsonObject, price: Price) -> Used:
    line = json.loads(entry["message"])
    memory_mb, duration_ms = int(line["function_memory_size"]), line["Latency"]
    return Used(
        caller=line["caller"],
        day=datetime.fromtimestamp(entry["timestamp"] / 1000, UTC).date().isoformat(),
        model=line["service"],
        requests=1,
        compute_ms=duration_ms,
        cost_usd=price(memory_mb, duration_ms, line["door"] == "http"),
    )
