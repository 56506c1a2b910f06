"""Callers' keys, as AWS keeps them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra.keys import KeyRing, KeysError

PLAN = "fleet-free"
TABLE = "keys"


class Meanwhile:
    """A client that does something of somebody else's before its first `put_item`."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.other: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_item(self, **item: Any) -> Any:
        other, self.other = self.other, None
        if other is not None:
            other()
        return self.client.put_item(**item)


class Broken:
    """API Gateway that deletes no key, while it is broken."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.broken = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def delete_api_key(self, **key: Any) -> Any:
        if self.broken:
            raise self.client.exceptions.TooManyRequestsException({"Error": {}}, "DeleteApiKey")
        return self.client.delete_api_key(**key)


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyRing]:
    """An empty table, and a plan for keys to be on."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    with mock_aws():
        dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "prefix", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "prefix", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        gateway: Any = boto3.client("apigateway", region_name="us-east-1")
        gateway.create_usage_plan(name=PLAN)
        yield KeyRing(Meanwhile(dynamodb), gateway, TABLE, "fleet")


def test_a_key_that_is_revoked_half_says_so_and_can_be_revoked_wholly(ring: KeyRing) -> None:
    caller = ring.create("a team", "free").record.caller
    gateway = Broken(ring.gateway)
    ring = KeyRing(ring.dynamodb, gateway, TABLE, "fleet", clock=lambda: 7.0)
    with pytest.raises(KeysError, match=f"{caller} is revoked, but .* stays: revoke it once more"):
        ring.revoke(caller)
    assert ring.records()[0].revoked == 7
    gateway.broken = False
    assert ring.revoke(caller).revoked == 7
    assert gateway.get_api_keys()["items"] == []
    with pytest.raises(KeysError, match=f"{caller} is revoked: make another"):
        ring.revoke(caller)


def test_a_key_whose_counter_is_gone_is_revoked_all_the_same(ring: KeyRing) -> None:
    record = ring.create("a team", "free").record
    ring.gateway.delete_api_key(apiKey=record.meter_id)
    assert ring.revoke(record.caller).revoked


def test_a_plan_that_there_is_not_is_named_beside_those_there_are(ring: KeyRing) -> None:
    with pytest.raises(KeysError, match=r"no plan 'gone', but \['free'\]"):
        ring.create("a team", "gone")


def test_renewing_a_key_does_not_undo_that_it_is_revoked_meanwhile(ring: KeyRing) -> None:
    caller = ring.create("a team", "free").record.caller
    ring.dynamodb.other = lambda: ring.revoke(caller)
    with pytest.raises(KeysError, match=f"{caller} was changed meanwhile: try once more"):
        ring.rotate(caller)
    assert ring.records()[0].revoked


def test_a_key_that_is_not_made_leaves_no_counter(ring: KeyRing) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    ring.dynamodb.other = interrupt
    with pytest.raises(KeyboardInterrupt):
        ring.create("a team", "free")
    assert ring.gateway.get_api_keys()["items"] == []


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
        assert ring.used(["free", "gone"]) == {"first": (3, 7), "second": (4, 6)}
        answers.assert_no_pending_responses()
