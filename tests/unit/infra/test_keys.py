"""Callers' keys, as AWS keeps them."""

from datetime import UTC, datetime

import boto3
from botocore.stub import Stubber

from infra.keys import KeyRing


def test_what_was_used_is_read_to_the_last_page() -> None:
    gateway = boto3.client(
        "apigateway",
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nobody",
    )
    november = {"usagePlanId": "p", "startDate": "2026-11-01", "endDate": "2026-11-02"}
    with Stubber(gateway) as answers:
        answers.add_response("get_usage_plans", {"items": [{"id": "p", "name": "fleet-free"}]})
        answers.add_response(
            "get_usage", {"items": {"first": [[1, 9], [2, 7]]}, "position": "more"}, november
        )
        answers.add_response(
            "get_usage", {"items": {"second": [[0, 10], [4, 6]]}}, {**november, "position": "more"}
        )
        day = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
        ring = KeyRing(dynamodb=None, gateway=gateway, table="", stack="fleet", clock=lambda: day)
        assert ring.used(["free"]) == {"first": (3, 7), "second": (4, 6)}
        answers.assert_no_pending_responses()
