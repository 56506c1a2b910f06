"""Items of a table, from a server that is not always well."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from serving import items
from serving.items import ItemsError

KEY = {"prefix": {"S": "abcd1234"}}
ITEM = {**KEY, "name": {"S": "a team"}}
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}
BUSY = (400, {"__type": "com.amazonaws#ProvisionedThroughputExceededException"})


class Table(ThreadingHTTPServer):
    """A server with an answer for each request; `None` closes the connection instead."""

    daemon_threads = True
    answers: list[tuple[int, dict[str, Any]] | None]
    asked: list[tuple[dict[str, str], dict[str, Any]]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Table

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers["from"] = str(self.client_address)
        self.server.asked.append((headers, json.loads(body)))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        text = json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(name="table")
def _table() -> Iterator[Table]:
    with Table(("127.0.0.1", 0), _Handler) as server:
        server.asked = []
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def read(table: Table, *answers: tuple[int, dict[str, Any]] | None) -> Any:
    table.answers = list(answers)
    endpoint = f"http://127.0.0.1:{table.server_port}"
    with closing(items.connect("keys", {**ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint})) as keys:
        return keys.read(KEY, pause=lambda _: None)


def test_item_is_asked_for_by_its_key_in_its_newest_state(table: Table) -> None:
    assert read(table, (200, {"Item": ITEM})) == ITEM
    [(headers, question)] = table.asked
    assert question == {"TableName": "keys", "Key": KEY, "ConsistentRead": True}
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert "/eu-west-1/dynamodb/aws4_request" in headers["authorization"]


def test_item_that_there_is_not_is_none(table: Table) -> None:
    assert read(table, (200, {})) is None


@pytest.mark.parametrize("trouble", [None, BUSY, (500, {}), (503, {})])
def test_trouble_that_passes_is_sat_out(table: Table, trouble: Any) -> None:
    assert read(table, trouble, trouble, (200, {"Item": ITEM})) == ITEM


def test_trouble_that_stays_is_told(table: Table) -> None:
    with pytest.raises(ItemsError, match=r"table keys cannot be read: .*status 500"):
        read(table, *[(500, {})] * 4)


def test_refusal_is_told_at_once(table: Table) -> None:
    with pytest.raises(ItemsError, match=r"status 400 .*AccessDeniedException"):
        read(table, (400, {"__type": "AccessDeniedException"}))
    assert len(table.asked) == 1


def test_connection_is_kept(table: Table) -> None:
    table.answers = [(200, {"Item": ITEM})] * 2
    endpoint = f"http://127.0.0.1:{table.server_port}"
    with closing(items.connect("keys", {**ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint})) as keys:
        assert keys.read(KEY) == keys.read(KEY) == ITEM
    [(first, _), (second, _)] = table.asked
    assert first["from"] == second["from"]


def test_without_credentials_nothing_is_asked() -> None:
    with pytest.raises(ItemsError, match="no credentials to read keys with"):
        items.connect("keys", {})
