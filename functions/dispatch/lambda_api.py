"""Lambda's `Invoke` over one connection: importing boto3 would take longer than most answers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from serving import sigv4
from serving.errors import DeadlineExceeded, TooManyRequests
from serving.sigv4 import Credentials


class InvokeFailed(Exception):
    """Lambda did not run the function, or the function failed: a fault of ours."""


@dataclass(slots=True)
class LambdaApi:
    """Lambda at an endpoint; the connection is kept, and opened anew when it has gone."""

    endpoint: str
    region: str
    credentials: Credentials
    _kept: HTTPConnection | None = field(default=None, init=False)

    def invoke(self, name: str, alias: str, payload: bytes, deadline: float) -> bytes:
        """What the function answers, by `deadline` of `time.monotonic`.

        Raises TooManyRequests, DeadlineExceeded, and InvokeFailed.
        """
        try:
            response, answer = self._post(name, alias, payload, deadline)
        except TimeoutError:
            self._drop()
            raise DeadlineExceeded("the model did not answer in time") from None
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise TooManyRequests("the model is asked more than it can answer: slow down")
        if response.status != HTTPStatus.OK or response.headers.get("x-amz-function-error"):
            raise InvokeFailed(f"{name}: status {response.status}, {answer[:500]!r}")
        return answer

    def _post(
        self, name: str, alias: str, payload: bytes, deadline: float
    ) -> tuple[HTTPResponse, bytes]:
        if self._kept is not None:
            try:
                return self._ask(self._kept, name, alias, payload, deadline)
            except TimeoutError:
                raise
            except (OSError, HTTPException):  # it was closed while the sandbox slept
                self._drop()
        parts = urlsplit(self.endpoint)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._kept = kind(parts.netloc)
        return self._ask(self._kept, name, alias, payload, deadline)

    def _ask(
        self, connection: HTTPConnection, name: str, alias: str, payload: bytes, deadline: float
    ) -> tuple[HTTPResponse, bytes]:
        connection.timeout = max(deadline - time.monotonic(), 0.001)
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        path, query = f"/2015-03-31/functions/{name}/invocations", f"Qualifier={alias}"
        headers = sigv4.sign(
            urlsplit(self.endpoint).netloc,
            path,
            {"content-type": "application/json"},
            self.credentials,
            self.region,
            datetime.now(UTC),
            sigv4.Question("POST", "lambda", query, payload),
        )
        connection.request("POST", f"{path}?{query}", payload, headers)
        response = connection.getresponse()
        return response, response.read()

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def connect(environ: Mapping[str, str]) -> LambdaApi:
    """Lambda with the region, endpoint and credentials of a function.

    Raises InvokeFailed when the environment has no credentials.
    """
    region = environ["AWS_REGION"]
    credentials = Credentials.from_environment(environ)
    if credentials is None:
        raise InvokeFailed("there are no credentials to invoke functions with")
    stated = environ.get("AWS_ENDPOINT_URL_LAMBDA") or environ.get("AWS_ENDPOINT_URL")
    return LambdaApi(stated or f"https://lambda.{region}.amazonaws.com", region, credentials)
