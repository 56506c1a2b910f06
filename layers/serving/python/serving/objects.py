"""Objects in S3, read over sockets of our own: importing boto3 would take longer than the reading.

Only reading, only whole objects: a large one comes in parallel ranges, each tried again by itself
when its connection breaks or S3 asks to slow down, straight into a file.
"""

import json
import os
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from ssl import SSLContext, create_default_context
from time import sleep
from urllib.parse import urlsplit

from serving import sigv4
from serving.errors import ArtifactError
from serving.limits import MIB
from serving.sigv4 import Credentials

_RANGE_BYTES = 8 * MIB
_READERS = 8
_CHUNK_BYTES = MIB // 4
_TIMEOUT_S = 10.0
_PAUSES_S = (0.1, 0.3, 0.9)
_AMAZON = ".amazonaws.com"
_AMAZONS_ROOTS = Path(__file__).with_name("amazon_roots.pem")
_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)}


class _Broken(Exception):
    """An answer that may be better the next time."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket at an endpoint (`https://<host>`), below a path when that is shared.

    `trust` is for endpoints that speak TLS; all connections share it, as it is dear to make.
    """

    name: str
    endpoint: str
    path: str
    region: str
    credentials: Credentials
    trust: SSLContext | None

    def read(self, key: str) -> bytes:
        """The bytes of an object.  Raises ArtifactError."""
        parts: list[bytes] = []
        with closing(self._connect()) as connection:
            self._retrying(connection, key, {}, lambda answer: parts.append(answer.read()))
        return parts[-1]

    def download(self, key: str, path: Path, size: int) -> None:
        """Write an object of `size` bytes to a file.  Raises ArtifactError."""
        pending = deque(range(0, size, _RANGE_BYTES))
        with path.open("wb") as file, ThreadPoolExecutor(_READERS) as readers:
            file.truncate(size)
            work = [
                readers.submit(self._drain, key, pending, size, file.fileno())
                for _ in range(min(_READERS, len(pending)))
            ]
            for each in work:
                each.result()

    def _drain(self, key: str, pending: deque[int], size: int, file: int) -> None:
        """Fetch ranges until none is left, or one fails for good and with it all."""
        try:
            with closing(self._connect()) as connection:
                while True:
                    start = pending.popleft()
                    part = range(start, min(start + _RANGE_BYTES, size))
                    self._fetch(connection, key, part, file)
        except IndexError:
            return
        except BaseException:
            pending.clear()
            raise

    def _fetch(self, connection: HTTPConnection, key: str, part: range, file: int) -> None:
        def write(answer: HTTPResponse) -> None:
            at = part.start
            while chunk := answer.read(_CHUNK_BYTES):
                os.pwrite(file, chunk, at)
                at += len(chunk)
            if answer.status != HTTPStatus.PARTIAL_CONTENT or at != part.stop:
                raise _Broken(f"status {answer.status} with {at - part.start} bytes of {len(part)}")

        wanted = {"range": f"bytes={part.start}-{part.stop - 1}"}
        self._retrying(connection, key, wanted, write)

    def _retrying(
        self,
        connection: HTTPConnection,
        key: str,
        headers: Mapping[str, str],
        use: Callable[[HTTPResponse], None],
    ) -> None:
        for pause_s in (*_PAUSES_S, None):
            try:
                return self._ask(connection, key, headers, use)
            except (OSError, HTTPException, _Broken) as error:
                connection.close()  # the next request opens it again
                if pause_s is None:
                    reason = str(error) if isinstance(error, _Broken) else repr(error)
                    raise self._unreadable(key, reason) from None
                sleep(pause_s)

    def _ask(
        self,
        connection: HTTPConnection,
        key: str,
        headers: Mapping[str, str],
        use: Callable[[HTTPResponse], None],
    ) -> None:
        path = f"{self.path}/{key}"
        host = urlsplit(self.endpoint).netloc
        now = datetime.now(UTC)
        signed = sigv4.sign(host, path, headers, self.credentials, self.region, now)
        connection.request("GET", sigv4.encoded(path), headers=signed)
        answer = connection.getresponse()
        if answer.status in _AGAIN:
            raise _Broken(_said(answer))
        if answer.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise self._unreadable(key, _said(answer))
        use(answer)

    def _unreadable(self, key: str, reason: str) -> ArtifactError:
        return ArtifactError(f"s3://{self.name}/{key} cannot be read: {reason}")

    def _connect(self) -> HTTPConnection:
        """A connection that opens itself with its first request."""
        return _connection(self.endpoint, self.trust)


def connect(name: str, environ: Mapping[str, str]) -> Bucket:
    """A bucket by its name, with the region, endpoint and credentials of a Lambda function.

    Raises ArtifactError when the environment has no credentials.
    """
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    credentials = _credentials(environ)
    stated = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    host = f"s3.{region}{_AMAZON}"
    if stated:
        endpoint, path = stated.rstrip("/"), f"/{name}"
    elif "." in name:  # Amazon's certificate covers one label before s3
        endpoint, path = f"https://{host}", f"/{name}"
    else:
        endpoint, path = f"https://{name}.{host}", ""
    return Bucket(name, endpoint, path, region, credentials, _trust(endpoint, environ))


def _trust(endpoint: str, environ: Mapping[str, str]) -> SSLContext | None:
    """Whose certificates are believed: of Amazon's hosts those below Amazon's own five roots.

    To read all the roots that a system has takes 20 ms.  Raises ArtifactError.
    """
    parts = urlsplit(endpoint)
    if parts.scheme != "https":
        return None
    stated = environ.get("AWS_CA_BUNDLE")
    roots = _AMAZONS_ROOTS if parts.netloc.endswith(_AMAZON) else None
    try:
        return create_default_context(cafile=stated or roots)
    except OSError as error:
        raise ArtifactError(
            f"AWS_CA_BUNDLE is {stated!r}, expected certificates: {error}"
        ) from None


def _credentials(environ: Mapping[str, str]) -> Credentials:
    """Of the function's own variables, or under SnapStart of the address that stands in for them.

    AWS Lambda Developer Guide, "Improving startup performance with Lambda SnapStart".
    """
    if own := Credentials.from_environment(environ):
        return own
    address = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if address is None:
        raise ArtifactError(
            "there are no credentials to read S3 with: AWS_ACCESS_KEY_ID is not set"
        )
    parts = urlsplit(address)
    token = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    with closing(_connection(f"{parts.scheme}://{parts.netloc}")) as connection:
        connection.request("GET", parts.path, headers={"authorization": token})
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise ArtifactError(f"{address} gives no credentials: {_said(answer)}")
        found = json.loads(answer.read())
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found.get("Token", ""))


def _connection(endpoint: str, trust: SSLContext | None = None) -> HTTPConnection:
    parts = urlsplit(endpoint)
    if parts.scheme == "https":
        return HTTPSConnection(parts.netloc, timeout=_TIMEOUT_S, context=trust)
    return HTTPConnection(parts.netloc, timeout=_TIMEOUT_S)


def _said(answer: HTTPResponse) -> str:
    """An answer that is an error, with what S3 says about it."""
    text = answer.read(1000).decode(errors="replace")
    code, message = (
        text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in ("Code", "Message")
    )
    return " ".join(filter(None, [f"status {answer.status}", code, message]))
