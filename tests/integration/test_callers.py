"""Callers and their keys, in a cloud of two models whose free plan is soon used up."""

import json
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infra import package, template
from infra.keys import KeysError
from infra.local.cloud import LocalCloud, Reply
from infra.local.log_delivery import Subscription, envelope
from serving import folder
from tests.integration.fleet import ROOT

QUOTA = 3
UNKNOWN = f"flt_{'x' * 8}_{'y' * 43}"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the functions print."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def cloud(logs: Path) -> Iterator[LocalCloud]:
    """A cloud in which nothing of a key is kept, so that every change shows at once."""
    built = package.build("local", ROOT)
    models = [folder.read(ROOT / "functions" / name) for name in ("iris", "linear_demo")]
    rendered = deepcopy(template.render(models))
    resources = rendered["Resources"]
    settings = resources["AuthorizerFunction"]["Properties"]["Environment"]["Variables"]
    settings["FLOTILLA_KEYS_KEPT_S"] = "0"
    resources["FreePlan"]["Properties"]["Quota"]["Limit"] = QUOTA
    with LocalCloud.start(rendered, built.folder, logs=logs) as running:
        yield running


def ask(cloud: LocalCloud, key: str | None, model: str = "linear_demo") -> Reply:
    headers = {"content-type": "text/csv"} | ({"authorization": f"Bearer {key}"} if key else {})
    row = b"1,2" if model == "linear_demo" else b"5.1,3.5,1.4,0.2"
    return cloud.http("POST", f"/v1/models/{model}/predict", row, headers, key=False)


def invocations(logs: Path, model: str) -> int:
    """How often a model's function was asked anything at all."""
    log = logs / f"flotilla-{model}.log"
    return log.read_text().count("START RequestId")


def test_a_key_may_come_in_either_header(cloud: LocalCloud) -> None:
    key = cloud.key_ring.create("either", "pro").text
    assert ask(cloud, key).status == 200
    headers = {"x-api-key": key}
    assert cloud.http("GET", "/v2/models/iris", headers=headers, key=False).status == 200


def test_who_is_not_let_in_costs_no_invocation(cloud: LocalCloud, logs: Path) -> None:
    ring = cloud.key_ring
    revoked, expired = ring.create("gone", "pro"), ring.create("old", "pro", lasts_s=1)
    elsewhere = ring.create("elsewhere", "pro", ["iris"])
    ring.revoke(revoked.record.caller)
    cloud.client("dynamodb").update_item(
        TableName=cloud.keys_table,
        Key={"prefix": {"S": expired.record.prefix}},
        UpdateExpression="SET expires = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    before = invocations(logs, "linear_demo")
    for key in (None, "nonsense", UNKNOWN, revoked.text, expired.text):
        answer = ask(cloud, key)
        assert (answer.status, answer.json()["error"]["code"]) == (401, "unauthorized"), key
        assert answer.headers["www-authenticate"] == 'Bearer realm="flotilla"'
        assert answer.headers["access-control-allow-origin"] == "*"
    answer = ask(cloud, elsewhere.text)
    assert answer.status == 403
    assert answer.json()["error"]["message"] == "this key is for iris, not for linear_demo"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert invocations(logs, "linear_demo") == before
    assert ask(cloud, elsewhere.text, "iris").status == 200


def test_a_caller_over_quota_is_a_429_and_another_is_not(cloud: LocalCloud, logs: Path) -> None:
    poor, rich = cloud.key_ring.create("poor", "free"), cloud.key_ring.create("rich", "pro")
    before = invocations(logs, "linear_demo")
    statuses = [ask(cloud, poor.text).status for _ in range(QUOTA + 2)]
    assert statuses == [200] * QUOTA + [429] * 2
    answer = ask(cloud, poor.text)
    assert answer.json()["error"]["code"] == "too_many_requests"
    assert "quota" in answer.json()["error"]["message"]
    assert invocations(logs, "linear_demo") == before + QUOTA
    assert ask(cloud, rich.text).status == 200
    assert cloud.key_ring.used(["free"])[poor.record.meter_id] == (QUOTA, 0)


def test_a_renewed_key_has_its_old_quota_and_not_its_old_secret(cloud: LocalCloud) -> None:
    old = cloud.key_ring.create("renewed", "free")
    assert ask(cloud, old.text).status == 200
    new = cloud.key_ring.rotate(old.record.caller)
    assert new.record.caller == old.record.caller
    assert ask(cloud, old.text).status == 401
    statuses = [ask(cloud, new.text).status for _ in range(QUOTA)]
    assert statuses == [200] * (QUOTA - 1) + [429]


def test_a_revoked_key_stays_on_the_list_and_cannot_be_renewed(cloud: LocalCloud) -> None:
    caller = cloud.key_ring.create("ended", "free").record.caller
    cloud.key_ring.revoke(caller)
    [record] = [record for record in cloud.key_ring.records() if record.caller == caller]
    assert record.revoked
    with pytest.raises(KeysError, match="is revoked"):
        cloud.key_ring.rotate(caller)
    with pytest.raises(KeysError, match="no key 'key_nobody'"):
        cloud.key_ring.revoke("key_nobody")


def test_no_key_is_half_made(cloud: LocalCloud) -> None:
    gateway = cloud.client("apigateway")
    before = gateway.get_api_keys()["items"]
    with pytest.raises(KeysError, match="no plan 'gold'"):
        cloud.key_ring.create("rich", "gold")
    ring = cloud.key_ring
    with pytest.raises(KeysError, match="cannot be reached"):
        type(ring)(ring.dynamodb, ring.gateway, "no-such-table", ring.stack).create("x", "pro")
    assert gateway.get_api_keys()["items"] == before


@pytest.mark.parametrize("path", ["/", "/v2", "/v2/models", "/v2/health/live"])
def test_what_runs_no_model_is_open(cloud: LocalCloud, path: str) -> None:
    assert cloud.http("GET", path, key=False).status == 200


def test_a_page_may_ask_for_leave_without_a_key(cloud: LocalCloud) -> None:
    answer = cloud.http("OPTIONS", "/v1/models/iris/predict", key=False)
    assert answer.status == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_a_page_cannot_make_keys(cloud: LocalCloud) -> None:
    path = "/_aws/apigateway/apikeys"
    answer = cloud.http("POST", path, b"{}", {"origin": "http://elsewhere"}, key=False)
    assert answer.status == 403


def wait_for_usage(cloud: LocalCloud, key: str, requests: int) -> dict[str, Any]:
    """What a caller is told of its usage, once so many requests are counted."""
    until = time.monotonic() + 20
    while True:
        headers = {"authorization": f"Bearer {key}"}
        told = cloud.http("GET", "/v1/usage", headers=headers, key=False).json()
        if told["requests"] >= requests or time.monotonic() > until:
            return dict(told)
        time.sleep(0.1)


def test_usage_adds_up_to_the_requests_of_each_caller(cloud: LocalCloud) -> None:
    one, two = cloud.key_ring.create("one", "pro"), cloud.key_ring.create("two", "pro")
    answers = [ask(cloud, one.text).json() for _ in range(4)]
    answers.append(ask(cloud, one.text, "iris").json())
    ask(cloud, two.text, "iris")
    assert ask(cloud, two.text, "linear_demo").status == 200
    told = wait_for_usage(cloud, one.text, 5)
    assert (told["caller"], told["requests"]) == (one.record.caller, 5)
    assert [(row["model"], row["requests"]) for row in told["usage"]] == [
        ("iris", 1),
        ("linear_demo", 4),
    ]
    # The whole of a request's time, of which an answer can only tell what has passed before it.
    assert told["compute_ms"] >= sum(answer["usage"]["compute_ms"] for answer in answers)
    assert told["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in told["usage"]))
    assert told["cost_usd"] >= sum(answer["usage"]["cost_usd"] for answer in answers) - 1e-9
    assert wait_for_usage(cloud, two.text, 2)["requests"] == 2


def test_lines_that_are_delivered_twice_count_once(cloud: LocalCloud) -> None:
    key = cloud.key_ring.create("twice", "pro")
    line = {
        "caller": key.record.caller,
        "service": "iris",
        "door": "http",
        "function_memory_size": "512",
        "Latency": 1.5,
    }
    wanted = Subscription("", "a log", "", "", "")
    events = [{"id": str(number), "timestamp": 0, "message": json.dumps(line)} for number in (1, 2)]
    for lines in (events, events, events[:1]):
        cloud.invoke("usage", json.loads(envelope(wanted, lines)))
    headers = {"x-api-key": key.text}
    path = "/v1/usage?from=1970-01-01&to=1970-01-01"
    told = cloud.http("GET", path, headers=headers, key=False).json()
    # The third is another delivery, of which nobody can tell that its line was in the first.
    assert told["requests"] == 3


def test_usage_of_days_without_any_is_empty(cloud: LocalCloud) -> None:
    path = "/v1/usage?from=2020-01-01&to=2020-01-31"
    told = cloud.http("GET", path).json()
    assert (told["requests"], told["usage"], told["from"]) == (0, [], "2020-01-01")
    assert cloud.http("GET", "/v1/usage?from=yesterday").status == 422
    assert cloud.http("GET", "/v1/usage", key=False).status == 401
