"""What API Gateway does between a caller and a function."""

import base64
import gzip
import http.client
import json

import pytest

from infra.local.cloud import LocalCloud, Reply
from tests.integration import tiny
from tests.integration.tiny import order

NOT_TEXT = b"\x89PNG\r\n\x1a\n\x00\xff\xfe"


def ask(cloud: LocalCloud, reply: object, **headers: str) -> Reply:
    """Have the function answer with this reply, of which the proxy integration makes HTTP."""
    return cloud.http("POST", "/open", order(op="reply", reply=reply), headers)


def test_event_has_the_shape_of_a_proxy_event(tiny_cloud: LocalCloud) -> None:
    headers = {"X-Colour": "green", "User-Agent": "a test"}
    path = "/things/a/b%20c?one=1&two=2&two=3&empty="
    event = tiny_cloud.http("PUT", path, b"text", headers).json()
    assert event["resource"] == "/things/{proxy+}"
    assert event["path"] == "/things/a/b%20c"
    assert event["httpMethod"] == "PUT"
    assert event["pathParameters"] == {"proxy": "a/b c"}
    assert event["queryStringParameters"] == {"one": "1", "two": "3", "empty": ""}
    assert event["multiValueQueryStringParameters"]["two"] == ["2", "3"]
    assert event["headers"]["X-Colour"] == "green"
    assert event["multiValueHeaders"]["X-Colour"] == ["green"]
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert (event["body"], event["isBase64Encoded"]) == ("text", False)
    assert event["stageVariables"] is None


def test_event_says_where_it_comes_from(tiny_cloud: LocalCloud) -> None:
    reply = tiny_cloud.http("GET", "/things/x", headers={"User-Agent": "a test"})
    context = reply.json()["requestContext"]
    assert context["resourcePath"] == "/things/{proxy+}"
    assert context["stage"] == "test"
    assert context["path"] == "/test/things/x"
    assert context["requestId"] == reply.headers["x-amzn-requestid"]
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "a test"
    assert context["identity"]["apiKey"] == tiny.KEY
    assert context["identity"]["user"] is None


def test_absent_parts_of_an_event_are_null(tiny_cloud: LocalCloud) -> None:
    event = tiny_cloud.http("GET", "/open").json()
    assert event["pathParameters"] is None
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["body"] is None


def test_header_sent_twice_is_kept_twice(tiny_cloud: LocalCloud) -> None:
    connection = http.client.HTTPConnection(tiny_cloud.url.removeprefix("http://"))
    connection.putrequest("GET", "/open")
    for value in ("1", "2"):
        connection.putheader("X-Twice", value)
    connection.endheaders()
    event = json.loads(connection.getresponse().read())
    connection.close()
    assert event["multiValueHeaders"]["X-Twice"] == ["1", "2"]
    assert event["headers"]["X-Twice"] == "2"


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/things/blue/parts", "/things/blue/parts"),
        ("/things/red/parts", "/things/{name}/parts"),
        ("/things/red/parts/1", "/things/{proxy+}"),
        ("/things/red", "/things/{proxy+}"),
        ("/things/red%0Ablue", "/things/{proxy+}"),
    ],
)
def test_most_specific_route_wins(tiny_cloud: LocalCloud, path: str, resource: str) -> None:
    assert tiny_cloud.http("GET", path).json()["resource"] == resource


def test_binary_body_arrives_in_base64(tiny_cloud: LocalCloud) -> None:
    event = tiny_cloud.http("POST", "/open", NOT_TEXT, {"Content-Type": "image/png"}).json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == NOT_TEXT


def test_compressed_body_arrives_as_it_was_sent(tiny_cloud: LocalCloud) -> None:
    body = gzip.compress(b"pixels")
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    event = tiny_cloud.http("POST", "/open", body, headers).json()
    assert base64.b64decode(event["body"]) == body


def test_body_of_an_unlisted_type_is_decoded_as_text(tiny_cloud: LocalCloud) -> None:
    event = tiny_cloud.http("POST", "/open", NOT_TEXT, {"Content-Type": "audio/wav"}).json()
    assert event["isBase64Encoded"] is False
    assert event["body"] == NOT_TEXT.decode(errors="replace")


def test_base64_reply_becomes_bytes_for_who_accepts_them(tiny_cloud: LocalCloud) -> None:
    body = base64.b64encode(NOT_TEXT).decode()
    reply = {"statusCode": 200, "isBase64Encoded": True, "body": body}
    assert ask(tiny_cloud, reply, Accept="image/png").body == NOT_TEXT
    assert ask(tiny_cloud, reply, Accept="text/html").body == body.encode()


def test_headers_of_a_reply_are_merged(tiny_cloud: LocalCloud) -> None:
    reply = {
        "statusCode": 201,
        "headers": {"X-One": "1", "X-Both": "a", "Content-Type": "text/plain"},
        "multiValueHeaders": {"X-Both": ["a", "b"]},
        "body": "made",
    }
    answer = ask(tiny_cloud, reply)
    assert (answer.status, answer.body) == (201, b"made")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["x-one"] == "1"
    assert answer.headers["x-both"] == "a, b"


@pytest.mark.parametrize(
    "reply",
    [
        "text",
        None,
        {"body": "no status"},
        {"statusCode": "abc"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"not": "a string"}},
        {"statusCode": 200, "headers": ["not", "an object"]},
        {"statusCode": 200, "multiValueHeaders": {"X": "not a list"}},
        {"statusCode": 200, "headers": {"X": {}}},
    ],
)
def test_malformed_reply_is_a_502(tiny_cloud: LocalCloud, reply: object) -> None:
    answer = ask(tiny_cloud, reply)
    assert answer.status == 502
    assert answer.json() == {"message": "Internal server error"}


def test_reply_without_a_type_is_json(tiny_cloud: LocalCloud) -> None:
    answer = ask(tiny_cloud, {"statusCode": 204, "headers": None, "body": None})
    assert answer.status == 204
    answer = ask(tiny_cloud, {"statusCode": "200", "body": "{}"})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize(
    ("size", "media_type", "status"),
    [
        (6_200_000, "text/plain", 200),
        (6_300_000, "text/plain", 413),
        (4_500_000, "image/png", 200),
        (4_800_000, "image/png", 413),
        (11_000_000, "text/plain", 413),
    ],
)
def test_request_over_6_mb_is_a_413(
    tiny_cloud: LocalCloud, size: int, media_type: str, status: int
) -> None:
    body = b'{"op": "noted"}'.ljust(size)
    answer = tiny_cloud.http("POST", "/open", body, {"Content-Type": media_type})
    assert answer.status == status


def test_whole_address_may_be_named_in_a_request(tiny_cloud: LocalCloud) -> None:
    answer = tiny_cloud.http("POST", "http://elsewhere:1/open?x=http://y", order(op="noted"))
    assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/open", "a" * 9_500, 200),
        ("/open", "a" * 10_300, 413),
        (f"/open?{'a' * 10_300}", "", 413),
        (f"/{'a' * 100_000}", "", 413),
    ],
)
def test_request_whose_line_and_headers_are_over_10_kb_is_a_413(
    tiny_cloud: LocalCloud, path: str, header: str, status: int
) -> None:
    answer = tiny_cloud.http("POST", path, b'{"op": "noted"}', {"X-Long": header})
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert status == 200 or answer.json()["message"] == "Request Too Long"


def test_reply_over_6_mb_is_a_502_and_the_next_one_comes(tiny_cloud: LocalCloud) -> None:
    assert tiny_cloud.http("POST", "/open", order(op="answer", size=6_300_000)).status == 502
    assert tiny_cloud.http("POST", "/open", order(op="answer", size=100)).status == 200


def test_slow_function_is_a_504(tiny_cloud: LocalCloud) -> None:
    answer = tiny_cloud.http("POST", "/hasty", order(op="sleep", s=0.3))
    assert (answer.status, answer.json()) == (504, {"message": "Endpoint request timed out"})


@pytest.mark.parametrize("key", [None, "", "wrong"])
def test_missing_or_wrong_key_is_a_403_in_the_templates_words(
    tiny_cloud: LocalCloud, key: str | None
) -> None:
    headers = {} if key is None else {"x-api-key": key}
    answer = tiny_cloud.http("GET", "/things/x", headers=headers, key=False)
    assert (answer.status, answer.json()) == (403, {"own": "Forbidden"})
    assert answer.headers["x-why"] == "key"


def test_unknown_route_or_method_is_a_403(tiny_cloud: LocalCloud) -> None:
    for method, path in (("GET", "/nowhere"), ("POST", "/things/blue/parts"), ("GET", "/things")):
        answer = tiny_cloud.http(method, path)
        assert answer.status == 403
        assert answer.json() == {"message": "Missing Authentication Token"}


def test_calls_beyond_the_burst_are_429(tiny_cloud: LocalCloud) -> None:
    headers = {"x-api-key": tiny.SLOW_KEY}
    calls = [tiny_cloud.http("GET", "/things/x", headers=headers, key=False) for _ in range(4)]
    assert [call.status for call in calls] == [200, 200, 429, 429]
    assert calls[-1].json() == {"message": "Too Many Requests"}
    assert calls[-1].headers["x-amzn-errortype"] == "TooManyRequestsException"


def test_calls_beyond_the_quota_are_429(tiny_cloud: LocalCloud) -> None:
    headers = {"x-api-key": tiny.POOR_KEY}
    calls = [tiny_cloud.http("GET", "/things/x", headers=headers, key=False) for _ in range(3)]
    assert [call.status for call in calls] == [200, 200, 429]
    assert calls[-1].json() == {"message": "Limit Exceeded"}


@pytest.mark.parametrize(
    ("token", "status"),
    [(None, 401), ("unknown", 401), ("let me out", 403), ("let me in", 200)],
)
def test_authorizer_decides(tiny_cloud: LocalCloud, token: str | None, status: int) -> None:
    headers = {} if token is None else {"Authorization": token}
    answer = tiny_cloud.http("GET", "/guarded", headers=headers)
    assert answer.status == status
    if status == 200:
        authorizer = answer.json()["requestContext"]["authorizer"]
        assert authorizer == {"tenant": "acme", "principalId": "me"}


def test_preflight_is_answered_without_key_or_function(tiny_cloud: LocalCloud) -> None:
    answer = tiny_cloud.http("OPTIONS", "/things/blue/parts", key=False)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "content-type"


def test_function_that_fails_is_a_502(tiny_cloud: LocalCloud) -> None:
    answer = tiny_cloud.http("POST", "/open", order(op="raise", message="no"))
    assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})
