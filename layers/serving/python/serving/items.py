"""Items of a DynamoDB table, read over a connection of our own: boto3 takes longer to import.

Only reading, only by the whole key, always the newest state.
Reference: Amazon DynamoDB API Reference, GetItem; Developer Guide, "DynamoDB low-level API".
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import sleep
from urllib.parse import urlsplit

from serving import sigv4
from serving.json_types import JsonObject
from serving.sigv4 import Credentials, Question

_TIMEOUT_S = 2.0
# The first try may meet a connection that has been closed while nobody asked.
_PAUSES_S = (0.0, 0.05, 0.2)
_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)}
_BUSY = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")


class ItemsError(Exception):
    """A table cannot be read; it says which and why."""


class _Broken(Exception):
    """An answer that may be better the next time."""


class Items:
    """One table; its connection stays open from one reading to the next."""

    def __init__(self, table: str, endpoint: str, region: str, credentials: Credentials) -> None:
        self._table = table
        self._host = urlsplit(endpoint).netloc
        self._region = region
        self._credentials = credentials
        secure = urlsplit(endpoint).scheme == "https"
        kind = HTTPSConnection if secure else HTTPConnection
        self._connection = kind(self._host, timeout=_TIMEOUT_S)

    def read(self, key: JsonObject, pause: Callable[[float], None] = sleep) -> JsonObject | None:
        """The item with this key, both as DynamoDB has them.  Raises ItemsError."""
        question = {"TableName": self._table, "Key": key, "ConsistentRead": True}
        body = json.dumps(question).encode()
        for pause_s in (*_PAUSES_S, None):
            try:
                found: JsonObject = self._ask(body)
                return found.get("Item")
            except (OSError, HTTPException, _Broken) as error:
                self._connection.close()  # the next request opens it again
                if pause_s is None:
                    raise self._unreadable(repr(error)) from None
                pause(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close the connection; the next reading opens it again."""
        self._connection.close()

    def _ask(self, body: bytes) -> JsonObject:
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": "DynamoDB_20120810.GetItem",
        }
        question = Question("POST", "dynamodb", body=body)
        signed = sigv4.sign(
            self._host, "/", headers, self._credentials, self._region, datetime.now(UTC), question
        )
        self._connection.request("POST", "/", body, signed)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status == HTTPStatus.OK:
            found: JsonObject = json.loads(text)
            return found
        said = text.decode(errors="replace")[:500]
        if answer.status in _AGAIN or any(kind in said for kind in _BUSY):
            raise _Broken(f"status {answer.status} {said}")
        raise self._unreadable(f"status {answer.status} {said}")

    def _unreadable(self, reason: str) -> ItemsError:
        return ItemsError(f"table {self._table} cannot be read: {reason}")


def connect(table: str, environ: Mapping[str, str]) -> Items:
    """A table by its name, with the region, endpoint and credentials of a Lambda function.

    Raises ItemsError when the environment has no credentials.
    """
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    credentials = Credentials.from_environment(environ)
    if credentials is None:
        raise ItemsError(f"there are no credentials to read {table} with: none in the environment")
    stated = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    endpoint = stated or f"https://dynamodb.{region}.amazonaws.com"
    return Items(table, endpoint, region, credentials)
