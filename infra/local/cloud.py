"""`LocalCloud`: the whole cloud as one object, for `flotilla up` and for every test.

It runs in a thread of its own, so that a test or a script drives it with plain calls.
"""

import asyncio
import http.client
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from infra.local import scratch
from infra.local.code import API_GATEWAY
from infra.local.evaluate import STACK
from infra.local.moto_process import MotoProcess
from infra.resources.blocks import Block
from infra.resources.storage import ARTIFACTS, RESULTS, UPLOADS
from infra.resources.tables import KEYS, USAGE
from serving import keys
from serving.store import VERSION_METADATA

if TYPE_CHECKING:
    from infra.keys import KeyRing
    from infra.local.assembly import Assembly

IDLE_S = 300.0
_ANSWER_S = 60.0
_LOOK_EVERY_S = 0.02
_FIRST_PLAN = "pro"


class CloudError(Exception):
    """The cloud did not come up, or did not do what was waited for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Result:
    """What a version of an upload came to: the object that answers it, or says why it failed."""

    key: str
    version: str
    media_type: str
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class LocalCloud:
    """A running cloud; `with` it, or `close` it."""

    def __init__(self, assembly: "Assembly", url: str, closing: ExitStack) -> None:
        self.url = url
        self.keys_table = assembly.named(KEYS)
        self.usage_table = assembly.named(USAGE)
        self.s3_endpoint = assembly.endpoint
        self.uploads_bucket = assembly.named(UPLOADS)
        self.results_bucket = assembly.named(RESULTS)
        self.artifacts_bucket = assembly.named(ARTIFACTS)
        self._assembly = assembly
        self._closing = closing
        self.api_key = self._first_key() if self.keys_table else assembly.api_key

    @classmethod
    def start(
        cls,
        template: Block,
        build: Path,
        *,
        port: int = 0,
        logs: Path | None = None,
        idle_s: float = IDLE_S,
        confinement: str = "auto",
        moto: MotoProcess | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> Self:
        """Bring up a SAM template with the packages in `build`; gives a cloud that answers.

        `logs` keeps what the functions print, `moto` is one that was started before to save the
        time it takes, `report` is told a line per request.  Raises CloudError, DeploymentError.
        """
        with ExitStack() as closing:
            listener = closing.enter_context(_listen(port))
            folder = scratch.make()
            closing.callback(shutil.rmtree, folder, ignore_errors=True)
            logs = logs or folder / "logs"
            logs.mkdir(parents=True, exist_ok=True)
            moto = moto or MotoProcess.start(logs / "moto.log")
            closing.callback(moto.stop)
            # Imported here, as the time it takes is the time that moto needs to start.
            from infra.local.assembly import assemble

            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            assembly = assemble(template, build, moto.endpoint, url, folder, logs, confinement)
            served = _Served(lambda: assembly.serve(listener, idle_s, report))
            closing.callback(served.stop)
            served.wait()
            return cls(assembly, url, closing.pop_all())

    def close(self) -> None:
        """Stop everything, and leave nothing behind."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def apigateway_endpoint(self) -> str:
        """Where API Gateway's own API answers, as far as keys go."""
        return self.url + API_GATEWAY

    @property
    def key_ring(self) -> "KeyRing":
        """The keys of this cloud's callers."""
        from infra.keys import KeyRing

        return KeyRing(self.client("dynamodb"), self.client("apigateway"), self.keys_table, STACK)

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud."""
        own = {"lambda": self.url, "apigateway": self.apigateway_endpoint}
        return self._assembly.clients(service, own.get(service))

    def sandboxes(self, name: str) -> int:
        """How many processes serve a function right now."""
        return self._assembly.functions[self._function(name)].sandboxes

    def http(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        key: bool = True,
    ) -> Reply:
        """Make one request; with the API key unless `key` is false."""
        shown = {"x-api-key": self.api_key} if key else {}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_ANSWER_S)
        try:
            connection.request(method, path, body, {**shown, **(headers or {})})
            response = connection.getresponse()
            found = {name.lower(): response.headers.get_all(name) for name in response.headers}
            joined = {name: ", ".join(values or []) for name, values in found.items()}
            return Reply(response.status, joined, response.read())
        finally:
            connection.close()

    def invoke(self, name: str, payload: object, qualifier: str = "live") -> Any:
        """Ask a function directly; what it fails with comes as `errorType`, `errorMessage`."""
        path = f"/2015-03-31/functions/{self._function(name)}/invocations"
        query = f"?Qualifier={quote(qualifier)}"
        return self.http("POST", path + query, json.dumps(payload).encode()).json()

    def upload(self, model: str, key: str, body: bytes, **arguments: Any) -> str:
        """Put a file where the model's uploads go; gives the version that it is stored as.

        `arguments` are those of `put_object`.
        """
        name = f"{keys.upload_prefix(model)}{key}"
        s3 = self.client("s3")
        put = s3.put_object(Bucket=self.uploads_bucket, Key=name, Body=body, **arguments)
        return str(put["VersionId"])

    def wait_for_result(
        self, model: str, key: str, version: str, timeout_s: float = 30.0
    ) -> Result:
        """Wait for what this version of an upload came to.  Raises CloudError after `timeout_s`."""
        wanted = (keys.result(model, key), keys.failure(model, key))
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for name in wanted:
                result = self.read_result(name)
                if result and result.version == version:
                    return result
            time.sleep(_LOOK_EVERY_S)
        raise CloudError(f"neither {wanted[0]} nor {wanted[1]} came within {timeout_s:g} s")

    def read_result(self, key: str) -> Result | None:
        """An object of the results bucket, if it is there."""
        s3 = self.client("s3")
        try:
            answer = s3.get_object(Bucket=self.results_bucket, Key=key)
        except s3.exceptions.NoSuchKey:
            return None
        version = answer["Metadata"].get(VERSION_METADATA, "")
        return Result(key, version, answer["ContentType"], answer["Body"].read())

    def _first_key(self) -> str:
        """A key for every model, of whoever starts the cloud."""
        return self.key_ring.create("first", _FIRST_PLAN).text

    def _function(self, name: str) -> str:
        """A function's full name, `flotilla-iris` for `iris`."""
        return self._assembly.function_name(name)


def _listen(port: int) -> socket.socket:
    """Take the gateway's port at once, so that nobody waits for nothing.  Raises CloudError."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        reason = (error.strerror or "").partition(" (")[0]  # what follows repeats the address
        raise CloudError(
            f"port {port} is not to be had ({reason}): choose another with --port or in PORT, "
            "or 0 for any free one"
        ) from None


class _Served:
    """An event loop in a thread, in which a server runs until it is stopped."""

    def __init__(self, serve: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._up: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(serve,), name="local cloud")
        self._thread.start()

    def wait(self) -> None:
        """Wait until it serves; raises what kept it from serving."""
        self._up.result()

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        with suppress(RuntimeError):  # it never served, and its loop is closed already
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self, serve: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(serve))

    async def _serve(self, serve: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        try:
            async with serve():
                self._up.set_result(None)
                await self._stopped.wait()
        except Exception as error:
            if self._up.done():
                raise
            self._up.set_exception(error)
