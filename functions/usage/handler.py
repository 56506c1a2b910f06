"""The service for usage: adds up what models log, and tells callers what they used.

Models only write a line per request, as they do anyway; nothing here is on a request's way.
"""

import os
import time
from typing import Any

import boto3

from functions.usage import deliveries, report
from functions.usage.table import UsageTable
from serving import events
from serving.errors import ServingError
from serving.http import Response, error_reply
from serving.lambda_context import LambdaContext
from serving.prices import Meter, Prices
from serving.telemetry import Telemetry
from serving.types import Json, JsonObject

_LIMIT_S = 10.0

_ARCHITECTURE = os.environ["FLOTILLA_ARCHITECTURE"]
_prices = Prices.with_overrides(os.environ["FLOTILLA_PRICES"])
_client: Any = boto3.client("dynamodb")
_table = UsageTable(_client, os.environ["FLOTILLA_USAGE_TABLE"])
_telemetry = Telemetry.from_environment(os.environ)


def handler(event: JsonObject, context: LambdaContext) -> Json:
    """Answer API Gateway, or take what CloudWatch Logs delivers."""
    if deliveries.is_delivery(event):
        _table.add(deliveries.read(event, _price))
        return None
    started = time.perf_counter()
    request = events.from_http(event, context, _LIMIT_S)
    try:
        response: Response = report.answer(
            request, event.get("queryStringParameters") or {}, _table
        )
    except Exception as error:
        if not isinstance(error, ServingError):
            _telemetry.fault(context, error)
        response = error_reply(error, request.path, request.id)
    # Without the caller, as this is not what usage is counted of.
    _telemetry.record(context, "http", request.path, int(response.status), started)
    return events.to_http(response)


def _price(memory_mb: int, duration_ms: float, through_gateway: bool) -> float:
    meter = Meter(memory_mb, _ARCHITECTURE, _prices)
    return meter.answer_usd(duration_ms, through_gateway)
