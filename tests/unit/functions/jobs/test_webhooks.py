"""Where webhooks may go, and how they are signed."""

import hmac
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from functions.jobs.webhooks import Hosts, Post, Undelivered, signature
from serving.errors import Unprocessable

HOSTS = Hosts.read("hooks.example.com, 127.0.0.1")


@pytest.mark.parametrize(
    "url",
    ["https://hooks.example.com/a?b=c", "https://HOOKS.example.com:8443", "http://127.0.0.1:9"],
)
def test_allowed_hosts_are_allowed(url: str) -> None:
    HOSTS.check(url)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://example.com/", "host 'example.com'"),
        ("https://hooks.example.com.evil.net/", "does not allow"),
        ("https://evil.net#hooks.example.com", "does not allow"),
        ("https://hooks.example.com@evil.net/", "does not allow"),
        ("https://me:secret@hooks.example.com/", "holds credentials"),
        ("https://me@hooks.example.com/", "holds credentials"),
        ("http://hooks.example.com/", "scheme 'http', expected https"),
        ("ftp://hooks.example.com/", "scheme 'ftp'"),
        ("file:///etc/passwd", "does not allow"),
        ("https://hooks.example.com:99999/", "is no address"),
        ("https://[::1/", "is no address"),
        ("https://h\u00f6oks.example.com/", "is no address"),
        ("https://hooks.example.com/" + "x" * 2048, "is no address"),
        ("https://hooks.example.com/a b", "is no address"),
        ("https://hooks.exam\tple.com/", "is no address"),
        ("https://hooks.example.com/\x7f", "is no address"),
        (17, "is no address"),
    ],
)
def test_anything_else_is_refused(url: object, part: str) -> None:
    with pytest.raises(Unprocessable, match=part):
        HOSTS.check(url)


def test_without_hosts_there_are_no_webhooks() -> None:
    with pytest.raises(Unprocessable, match="this deployment allows no hosts"):
        Hosts.read("").check("https://hooks.example.com/")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "224.0.0.1",
    ],
)
def test_a_host_with_an_address_that_is_not_public_is_not_asked(address: str) -> None:
    post = Post(HOSTS, lambda host, port: ["93.184.216.34", address])
    with pytest.raises(Undelivered, match=f"has address {address}, which is not public"):
        post("https://hooks.example.com/", b"", {})


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://hooks.example.com/", 443),
        ("https://hooks.example.com:8443/", 8443),
        ("http://127.0.0.1/", 80),
    ],
)
def test_the_port_is_the_schemes_unless_it_is_stated(url: str, port: int) -> None:
    def resolve(host: str, asked: int) -> list[str]:
        assert asked == port
        return ["10.0.0.1"]

    with pytest.raises(Undelivered, match="not public"):
        Post(HOSTS, resolve)(url, b"", {})


def test_a_host_that_is_no_longer_allowed_is_not_asked() -> None:
    with pytest.raises(Undelivered, match="does not allow"):
        Post(HOSTS)("https://elsewhere.example.com/", b"", {})


def test_signature_is_that_of_time_and_body() -> None:
    digest = hmac.new(b"secret", b'1700000000.{"id":"1"}', "sha256").hexdigest()
    assert signature("secret", 1_700_000_000, b'{"id":"1"}') == f"t=1700000000,v1={digest}"


class Receiver(BaseHTTPRequestHandler):
    """Sends everyone elsewhere."""

    came: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.came.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("url", "path"),
    [("/hook?a=b", "/hook?a=b"), ("", "/"), ("?a=b", "/?a=b"), ("/#a", "/")],
)
def test_the_receiver_is_asked_once_at_its_path_and_redirects_are_not_followed(
    receiver: int, url: str, path: str
) -> None:
    Receiver.came.clear()
    address = f"http://127.0.0.1:{receiver}{url}"
    assert Post(HOSTS)(address, b"{}", {"Content-Type": "application/json"}) == 302
    assert Receiver.came == [path]


def test_a_receiver_that_is_not_there_is_undelivered() -> None:
    with pytest.raises(Undelivered):
        Post(HOSTS)("http://127.0.0.1:9/", b"{}", {})
