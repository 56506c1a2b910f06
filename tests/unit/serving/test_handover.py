"""Events that another function answers."""

import json
from io import BytesIO

import pytest

from serving.handover import Handover
from serving.types import JsonObject


class Lambda:
    """The client, and what it was asked."""

    def __init__(self, **answer: str) -> None:
        self.answer = answer
        self.asked: list[JsonObject] = []

    def invoke(self, **asked: str) -> JsonObject:
        self.asked.append(asked)
        return {**self.answer, "Payload": BytesIO(b'{"statusCode": 202}')}


def test_the_event_goes_as_it_came_and_the_reply_comes_back() -> None:
    client = Lambda()
    event = {"httpMethod": "POST", "body": "x"}
    assert Handover("jobs", lambda: client)(event) == {"statusCode": 202}
    (asked,) = client.asked
    assert asked["FunctionName"] == "jobs"
    assert json.loads(asked["Payload"]) == event


def test_the_event_grows_no_larger_than_it_came() -> None:
    client = Lambda()
    body = "\N{CJK UNIFIED IDEOGRAPH-6A21}" * 1000
    Handover("jobs", lambda: client)({"body": body})
    assert len(client.asked[0]["Payload"]) < 3100


def test_a_crash_there_is_an_error_here() -> None:
    client = Lambda(FunctionError="Unhandled")
    with pytest.raises(RuntimeError, match="jobs failed"):
        Handover("jobs", lambda: client)({})
