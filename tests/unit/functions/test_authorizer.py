"""The authorizer: who is let in, to what, and how often the table is asked."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from serving import credentials
from serving.credentials import Credential, KeyRecord

SOURCE = Path(__file__).parents[3] / "functions" / "authorizer" / "handler.py"
KEY = Credential("abcd1234", "s" * 43)
SALT = "00" * 16
RECORD = KeyRecord(
    prefix=KEY.prefix,
    name="a team",
    salt=SALT,
    digest=credentials.digest(KEY.secret, SALT),
    scopes="iris,traffic",
    plan="free",
    meter="m" * 32,
    meter_id="id",
    created=1_000,
)
NOW = 2_000.0


class Table:
    """The keys that there are, and how often somebody looked."""

    def __init__(self, *records: KeyRecord) -> None:
        self.records = {record.prefix: record for record in records}
        self.reads = 0

    def read(self, prefix: str) -> KeyRecord | None:
        self.reads += 1
        return self.records.get(prefix)


@pytest.fixture(name="authorizer", scope="module")
def _authorizer() -> Iterator[ModuleType]:
    settings = {
        "FLOTILLA_KEYS_TABLE": "keys",
        "FLOTILLA_KEYS_KEPT_S": "15",
        "POWERTOOLS_SERVICE_NAME": "authorizer",
        "POWERTOOLS_METRICS_NAMESPACE": "Flotilla",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        spec = importlib.util.spec_from_file_location("authorizer_handler", SOURCE)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def event(resource: str = "/v1/models/iris/{proxy+}", **headers: str) -> dict[str, Any]:
    return {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:1:api/live/POST/v1/models/iris/predict",
        "resource": resource,
        "path": "/v1/models/iris/predict",
        "headers": headers or {"x-api-key": KEY.text},
        "pathParameters": {"proxy": "predict"},
    }


def decide(module: ModuleType, table: Table, request: dict[str, Any]) -> dict[str, Any]:
    policy: dict[str, Any] = module.decide(request, module.Known(table.read, 15), NOW)
    return policy


def effect(policy: dict[str, Any]) -> str:
    [statement] = policy["policyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    return str(statement["Effect"])


def test_caller_is_let_in_and_named(authorizer: ModuleType) -> None:
    policy = decide(authorizer, Table(RECORD), event(Authorization=f"Bearer {KEY.text}"))
    assert effect(policy) == "Allow"
    assert policy["policyDocument"]["Statement"][0]["Resource"] == event()["methodArn"]
    assert policy["principalId"] == "key_abcd1234"
    assert policy["usageIdentifierKey"] == RECORD.meter
    assert policy["context"] == {
        "caller": "key_abcd1234",
        "scopes": "iris,traffic",
        "plan": "free",
    }


@pytest.mark.parametrize(
    ("table", "headers", "reason"),
    [
        (Table(RECORD), {"accept": "*/*"}, "no key"),
        (Table(RECORD), {"x-api-key": "abcd1234"}, "no key"),
        (Table(), {"x-api-key": KEY.text}, "no such key"),
        (Table(RECORD), {"x-api-key": Credential(KEY.prefix, "t" * 43).text}, "no such key"),
        (Table(replace(RECORD, revoked=1_500)), {"x-api-key": KEY.text}, "revoked"),
        (Table(replace(RECORD, expires=1_999)), {"x-api-key": KEY.text}, "expired"),
    ],
)
def test_stranger_is_a_401_and_the_log_says_why(
    authorizer: ModuleType,
    table: Table,
    headers: dict[str, str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(authorizer.Stranger) as raised:
        decide(authorizer, table, event(**headers))
    assert str(raised.value) == "Unauthorized", "API Gateway makes a 401 of this text only"
    printed = capsys.readouterr().out
    assert json.loads(printed)["reason"] == reason
    assert KEY.secret not in printed


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("/v2/models/traffic", "Allow"),
        ("/v1/models/digits/{proxy+}", "Deny"),
        ("/v2/models/digits", "Deny"),
        ("/v1/usage", "Allow"),
        ("/v1/embeddings", "Allow"),
    ],
)
def test_scopes_are_checked_where_the_route_names_the_model(
    authorizer: ModuleType, resource: str, expected: str
) -> None:
    policy = decide(authorizer, Table(RECORD), event(resource))
    assert effect(policy) == expected


def test_refusal_of_a_model_says_what_the_key_is_for(authorizer: ModuleType) -> None:
    policy = decide(authorizer, Table(RECORD), event("/v2/models/digits"))
    assert policy["context"]["reason"] == "this key is for iris, traffic, not for digits"


def test_record_is_read_once_until_it_is_too_old(authorizer: ModuleType) -> None:
    now, table = 100.0, Table(RECORD)
    known = authorizer.Known(table.read, 15, lambda: now)
    for _ in range(3):
        assert known.find(KEY) == RECORD
    assert table.reads == 1
    table.records[KEY.prefix] = replace(RECORD, revoked=1)
    now = 114.9
    assert known.find(KEY) == RECORD
    now = 115.0
    assert known.find(KEY).revoked
    assert table.reads == 2


def test_replaced_secret_works_at_once(authorizer: ModuleType) -> None:
    now, table = 100.0, Table(RECORD)
    known = authorizer.Known(table.read, 15, lambda: now)
    assert known.find(KEY)
    new = credentials.mint(KEY.prefix)
    table.records[KEY.prefix] = replace(RECORD, digest=credentials.digest(new.secret, SALT))
    now = 101.0
    assert known.find(new)
    assert known.find(KEY) is None


def test_guesses_at_a_known_key_do_not_each_reach_the_table(authorizer: ModuleType) -> None:
    table = Table(RECORD)
    known = authorizer.Known(table.read, 15, lambda: 100.0)
    for _ in range(50):
        assert known.find(credentials.mint(KEY.prefix)) is None
    assert table.reads == 1
