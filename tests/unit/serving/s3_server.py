"""A stand-in for S3 that reads objects in ranges, and fails when it is told to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext

# What to do with one request instead of answering it.
Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass
class S3:
    """Objects by their path; `faults` maps a range, or "" for none, to what happens to it first."""

    objects: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


def status(code: int, text: str = "") -> Fault:
    """Answer with a status and S3's own kind of body."""

    def fail(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        body = f"<Error><Code>{text}</Code><Message>so it is</Message></Error>".encode()
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return fail


def cut(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Promise it all, send half, and hang up."""
    handler.send_response(206)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


def ignore_range(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Answer as a server does that knows no ranges."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


@contextmanager
def serving(tls: SSLContext | None = None) -> Iterator[S3]:
    """The server, while the block runs; over TLS when it is given a context for that."""
    s3 = S3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            s3.asked.append({name.lower(): value for name, value in self.headers.items()})
            content = s3.objects.get(self.path)
            if content is None:
                return status(404, "NoSuchKey")(self, b"")
            wanted = self.headers.get("Range", "")
            if wanted:
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                content = content[int(first) : int(last) + 1]
            if s3.faults.get(wanted):
                return s3.faults[wanted].pop(0)(self, content)
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    s3.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
