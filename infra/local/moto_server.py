"""The process that plays S3, SQS, EventBridge, DynamoDB: moto's server, with its manners mended.

`python -m infra.local.moto_server 3` serves the open socket that is file descriptor 3, until its
standard input closes: that it does when the cloud stops, however it comes about.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from typing import Any

from moto import backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.sqs.models import Queue
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

from infra.local import s3_events

_FORM = "application/x-www-form-urlencoded"


class OneAtATime:
    """Serve one request at a time: moto's backends lose writes when threads meet in them.

    A long poll lets others in while it waits, or nothing could ever arrive.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Read first: a caller that dawdles over its body must not hold up the others.
        environ["wsgi.input"] = BytesIO(get_input_stream(environ).read())
        environ["wsgi.input_terminated"] = True
        if environ["REQUEST_METHOD"] == "PUT" and environ.get("CONTENT_TYPE") == _FORM:
            # What many clients say of any body; moto would read it as a form and store nothing.
            environ["CONTENT_TYPE"] = "binary/octet-stream"
        with self._lock:
            return list(self._application(environ, start_response))

    @contextmanager
    def others_first(self) -> Any:
        """Step back while waiting for a message."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()


class RequestHandler(MotoRequestHandler):
    """moto's own, with connections kept open and nothing printed for a request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the gateway's line per request is the one that matters."""


def _wait_politely(server: OneAtATime) -> None:
    wait = Queue.wait_for_messages

    def wait_for_messages(self: Queue, timeout: int) -> None:
        with server.others_first():
            wait(self, timeout)

    # moto has no hook for this.
    Queue.wait_for_messages = wait_for_messages  # type: ignore[method-assign]


def _list_modules_once() -> None:
    """moto lists its own folder for every request: a fifth of the time that a small one takes."""
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _load(services: Iterable[str]) -> None:
    """Import now what the first request to a service would otherwise wait for."""
    for service in services:
        import_module(f"moto.{service}.urls")


def main() -> None:
    """Serve until standard input closes."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    s3_events.install()
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    _wait_politely(application)
    _list_modules_once()
    _load(("s3", "sqs", "events", "dynamodb"))
    server = make_server(
        "127.0.0.1",
        0,
        application,
        threaded=True,
        request_handler=RequestHandler,
        fd=int(sys.argv[1]),
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
