"""Lambda's own API, with the boto3 client as it is."""

import base64
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.integration import tiny


def package(answer: str) -> bytes:
    """A zip of a handler that answers HTTP with this text."""
    reply = {"statusCode": 200, "body": answer}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", f"def handler(event, context):\n    return {reply!r}\n")
    return buffer.getvalue()


def test_invoke_answers_and_names_the_version(tiny_cloud: LocalCloud) -> None:
    reply = tiny_cloud.client("lambda").invoke(
        FunctionName="strict", Qualifier="live", Payload=b'{"x": 1}'
    )
    assert reply["StatusCode"] == 200
    assert reply["ExecutedVersion"] == "1"
    assert "FunctionError" not in reply
    assert json.load(reply["Payload"])["order"] == {"x": 1}


def test_invoke_says_when_the_function_failed(tiny_cloud: LocalCloud) -> None:
    payload = json.dumps({"op": "raise", "message": "no"}).encode()
    reply = tiny_cloud.client("lambda").invoke(FunctionName="strict", Payload=payload)
    assert reply["FunctionError"] == "Unhandled"
    assert json.load(reply["Payload"])["errorMessage"] == "no"


def test_invoke_takes_an_arn_and_the_clients_context(tiny_cloud: LocalCloud) -> None:
    context = base64.b64encode(json.dumps({"custom": {"who": "me"}}).encode()).decode()
    reply = tiny_cloud.client("lambda").invoke(
        FunctionName="arn:aws:lambda:us-east-1:123456789012:function:strict:live",
        ClientContext=context,
    )
    answer = json.load(reply["Payload"])
    assert answer["order"] == {}
    assert answer["client"] == {"who": "me"}
    assert answer["arn"].endswith(":function:strict:live")


def test_event_invocation_does_not_wait(tiny_cloud: LocalCloud) -> None:
    payload = json.dumps({"op": "sleep", "s": 5}).encode()
    client = tiny_cloud.client("lambda")
    reply = client.invoke(FunctionName="obedient", InvocationType="Event", Payload=payload)
    assert reply["StatusCode"] == 202
    assert client.invoke(FunctionName="obedient", InvocationType="DryRun")["StatusCode"] == 204


def test_unknown_functions_and_versions_are_not_found(tiny_cloud: LocalCloud) -> None:
    client = tiny_cloud.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="'nobody'"):
        client.invoke(FunctionName="nobody")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="'7'"):
        client.invoke(FunctionName="strict", Qualifier="7")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="'canary'"):
        client.get_alias(FunctionName="strict", Name="canary")


def test_payloads_are_checked(tiny_cloud: LocalCloud) -> None:
    client = tiny_cloud.client("lambda")
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName="strict", Payload=b"{not json")
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName="strict", Payload=json.dumps("x" * 6_300_000).encode())


def test_throttled_invoke_is_a_429(tiny_cloud: LocalCloud) -> None:
    client = tiny_cloud.client("lambda")
    payload = json.dumps({"op": "sleep", "s": 0.5}).encode()

    def call(_: int) -> str:
        try:
            client.invoke(FunctionName="strict", Payload=payload)
        except client.exceptions.TooManyRequestsException:
            return "throttled"
        return "answered"

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(call, range(tiny.CONCURRENCY + 1)))
    assert found.count("throttled") == 1


def test_configuration_can_be_read(tiny_cloud: LocalCloud) -> None:
    client = tiny_cloud.client("lambda")
    names = [function["FunctionName"] for function in client.list_functions()["Functions"]]
    assert {"obedient", "strict", "broken", "bouncer"} <= set(names)
    found = client.get_function(FunctionName="strict", Qualifier="live")
    assert found["Configuration"]["Version"] == "1"
    assert found["Configuration"]["MemorySize"] == tiny.MEMORY_MB
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == tiny.CONCURRENCY
    configuration = client.get_function_configuration(FunctionName="strict")
    assert configuration["Timeout"] == tiny.TIMEOUT_S
    alias = client.list_aliases(FunctionName="strict")["Aliases"]
    assert [(each["Name"], each["FunctionVersion"]) for each in alias] == [("live", "1")]


def test_published_code_stays_while_latest_changes(tiny_cloud: LocalCloud, spare: str) -> None:
    client = tiny_cloud.client("lambda")
    client.update_function_code(FunctionName=spare, ZipFile=package("new"))
    assert tiny_cloud.invoke(spare, {}, "$LATEST")["body"] == "new"
    assert tiny_cloud.invoke(spare, {}, "1")["version"] == "1"
    assert client.publish_version(FunctionName=spare)["Version"] == "2"
    assert client.publish_version(FunctionName=spare)["Version"] == "2"
    versions = client.list_versions_by_function(FunctionName=spare)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    assert tiny_cloud.invoke(spare, {}, "2")["body"] == "new"
    assert tiny_cloud.invoke(spare, {}, "live")["version"] == "1"


def test_weights_of_an_alias_share_out_the_traffic(tiny_cloud: LocalCloud, spare: str) -> None:
    client = tiny_cloud.client("lambda")
    client.update_function_code(FunctionName=spare, ZipFile=package("new"), Publish=True)
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    alias = client.update_alias(FunctionName=spare, Name="live", RoutingConfig=routing)
    assert alias["FunctionVersion"] == "1"
    assert alias["RoutingConfig"] == routing
    replies = [client.invoke(FunctionName=spare, Qualifier="live") for _ in range(100)]
    found = [reply["ExecutedVersion"] for reply in replies]
    assert 25 < found.count("2") < 75
    assert set(found) == {"1", "2"}


def test_gateway_honours_the_weights(tiny_cloud: LocalCloud, spare: str) -> None:
    client = tiny_cloud.client("lambda")
    client.update_function_code(FunctionName=spare, ZipFile=package("new"), Publish=True)

    def shift(**change: Any) -> set[bool]:
        client.update_alias(FunctionName=spare, Name="live", **change)
        return {tiny_cloud.http("GET", f"/{spare}").body == b"new" for _ in range(5)}

    assert shift() == {False}
    assert shift(RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}}) == {True}
    assert shift(RoutingConfig={}) == {False}
    assert shift(FunctionVersion="2") == {True}


def test_aliases_come_and_go(tiny_cloud: LocalCloud, spare: str) -> None:
    client = tiny_cloud.client("lambda")
    errors = client.exceptions
    client.create_alias(FunctionName=spare, Name="canary", FunctionVersion="1")
    assert tiny_cloud.invoke(spare, {}, "canary")["arn"].endswith(":canary")
    with pytest.raises(errors.ResourceConflictException):
        client.create_alias(FunctionName=spare, Name="canary", FunctionVersion="1")
    with pytest.raises(errors.ResourceNotFoundException):
        client.create_alias(FunctionName=spare, Name="other", FunctionVersion="9")
    too_much = {"AdditionalVersionWeights": {"1": 1.5}}
    with pytest.raises(errors.InvalidParameterValueException):
        client.update_alias(FunctionName=spare, Name="canary", RoutingConfig=too_much)
    client.delete_alias(FunctionName=spare, Name="canary")
    with pytest.raises(errors.ResourceNotFoundException):
        client.invoke(FunctionName=spare, Qualifier="canary")


def test_settings_can_be_changed(tiny_cloud: LocalCloud, spare: str) -> None:
    client = tiny_cloud.client("lambda")
    client.update_function_configuration(
        FunctionName=spare, MemorySize=300, Environment={"Variables": {"COLOUR": "red"}}
    )
    found = tiny_cloud.invoke(spare, {"op": "environment"}, "$LATEST")
    assert (found["COLOUR"], found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) == ("red", "300")
    assert "COLOUR" not in tiny_cloud.invoke(spare, {"op": "environment"})


def test_web_pages_are_kept_out(tiny_cloud: LocalCloud) -> None:
    path = "/2015-03-31/functions/strict/invocations"
    assert tiny_cloud.http("POST", path, b"{}").status == 200
    refused = tiny_cloud.http("POST", path, b"{}", {"Origin": "http://127.0.0.1:1"})
    assert refused.status == 403


def test_code_that_is_no_zip_is_refused(tiny_cloud: LocalCloud) -> None:
    client = tiny_cloud.client("lambda")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="no zip file"):
        client.update_function_code(FunctionName="strict", ZipFile=b"no zip")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="expected ZipFile"):
        client.update_function_code(FunctionName="strict", S3Bucket="some", S3Key="where")


@pytest.mark.parametrize("body", [b"", b"{nope", b"[]", b"\xff"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/2015-03-31/functions/strict/configuration"),
        ("PUT", "/2015-03-31/functions/strict/code"),
        ("POST", "/_aws/apigateway/apikeys"),
    ],
)
def test_what_is_no_json_object_is_refused(
    tiny_cloud: LocalCloud, method: str, path: str, body: bytes
) -> None:
    refused = tiny_cloud.http(method, path, body)
    assert refused.status == 400
    assert refused.headers["x-amzn-errortype"] == "SerializationException"
