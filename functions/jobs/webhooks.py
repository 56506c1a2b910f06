"""Webhooks: to which addresses, signed how.

An address comes from a caller, so a request to it could be made to reach what only we can reach
(server-side request forgery: OWASP SSRF Prevention Cheat Sheet).  So it is asked for over HTTPS, of
a host that the deployment allows, whose every address must be a public one, and the connection goes
to the very address that was looked at; redirects are answers like any other.
"""

import hmac
import http.client
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import SplitResult, urlsplit

from serving.errors import Unprocessable

TIMEOUT_S = 10.0
_LONGEST = 2048
_VISIBLE = re.compile(r"[!-~]+")  # what an address is written with (RFC 3986)

# host, port -> its IPv4 addresses; Lambda outside of a VPC has no others.
Resolve = Callable[[str, int], list[str]]


class Undelivered(Exception):
    """The receiver could not be reached, or not safely."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts that a deployment allows, by name."""

    names: frozenset[str]

    @classmethod
    def read(cls, text: str) -> "Hosts":
        """From a list with commas."""
        return cls(frozenset(name.strip().lower() for name in text.split(",") if name.strip()))

    def check(self, url: object) -> None:
        """Raise Unprocessable unless webhooks may go there."""
        if not self.names:
            raise Unprocessable("'webhook' is not possible: this deployment allows no hosts")
        if not isinstance(url, str) or len(url) > _LONGEST or not _VISIBLE.fullmatch(url):
            raise Unprocessable(f"'webhook.url' is no address of up to {_LONGEST} characters")
        parts = _split(url)
        if parts.hostname not in self.names:
            raise Unprocessable(
                f"'webhook.url' goes to host '{parts.hostname}', which this deployment does not "
                "allow"
            )
        schemes = ("http", "https") if _is_loopback(parts.hostname) else ("https",)
        if parts.scheme not in schemes:
            raise Unprocessable(f"'webhook.url' has scheme '{parts.scheme}', expected https")
        if parts.username is not None or parts.password is not None:
            raise Unprocessable("'webhook.url' holds credentials, expected none")


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The header `Flotilla-Signature`: HMAC-SHA-256 of `<timestamp>.<body>`, in hexadecimal."""
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, "sha256").hexdigest()
    return f"t={timestamp},v1={digest}"


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver.  Raises OSError."""
    found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Post:
    """Sends webhooks to allowed hosts."""

    def __init__(self, hosts: Hosts, resolve: Resolve = resolve) -> None:
        self._hosts = hosts
        self._resolve = resolve

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send one, and give the status of the answer.  Raises Undelivered."""
        try:
            self._hosts.check(url)  # what was allowed then may not be now
            parts = _split(url)
            connection = _connection(parts, self._address(parts))
            try:
                query = f"?{parts.query}" if parts.query else ""
                connection.request("POST", (parts.path or "/") + query, body, dict(headers))
                return connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, Unprocessable) as error:
            raise Undelivered(str(error)) from error

    def _address(self, parts: SplitResult) -> str:
        """An address of the host, all of which must be public, or the loopback that it names."""
        host = str(parts.hostname)
        addresses = self._resolve(host, _port(parts))
        for address in addresses:
            ip = IPv4Address(address)
            public = ip.is_global and not ip.is_multicast
            if not (public or (ip.is_loopback and _is_loopback(host))):
                raise Undelivered(f"host '{host}' has address {address}, which is not public")
        return addresses[0]


class _PinnedHttps(http.client.HTTPSConnection):
    """Connects to an address that was looked at, and verifies the name all the same."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_S, context=self._tls)
        self._address = address

    def connect(self) -> None:
        """Open the connection to the pinned address."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _connection(parts: SplitResult, address: str) -> http.client.HTTPConnection:
    if parts.scheme == "http":
        return http.client.HTTPConnection(address, _port(parts), timeout=TIMEOUT_S)
    return _PinnedHttps(str(parts.hostname), _port(parts), address)


def _split(url: str) -> SplitResult:
    """The parts of an address; a port that is none is refused here.  Raises Unprocessable."""
    try:
        parts = urlsplit(url)
        _port(parts)
    except ValueError as error:
        raise Unprocessable(f"'webhook.url' is no address: {error}") from None
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (80 if parts.scheme == "http" else 443)


def _is_loopback(host: str | None) -> bool:
    """Whether the deployment named this machine itself: only a local cloud has reason to."""
    return host in ("127.0.0.1", "localhost")
