"""AWS Signature Version 4 by the standard library.

References: AWS IAM User Guide, "Create a signed AWS API request"; for what S3 does differently
(paths are encoded once, the payload's digest is a header) the Amazon S3 API Reference,
"Authenticating requests: using the Authorization header".  Other services do not mind the header,
and are asked under paths that have nothing to encode.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Self
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks; temporary credentials have a token."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """Those of a Lambda function's own variables, if it has any."""
        if "AWS_ACCESS_KEY_ID" not in environ:
            return None
        return cls(
            environ["AWS_ACCESS_KEY_ID"],
            environ["AWS_SECRET_ACCESS_KEY"],
            environ.get("AWS_SESSION_TOKEN", ""),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a service; the query is encoded, and its names are in order."""

    method: str = "GET"
    service: str = "s3"
    query: str = ""
    body: bytes = b""


def sign(
    host: str,
    path: str,
    headers: Mapping[str, str],
    credentials: Credentials,
    region: str,
    now: datetime,
    question: Question = Question(),
) -> dict[str, str]:
    """The headers of a signed request to `https://<host><path>`, `headers` among them.

    `path` is not yet encoded, the names in `headers` are lower-case, and `now` is in UTC.
    """
    digest = sha256(question.body).hexdigest()
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {
        **headers,
        "host": host,
        "x-amz-content-sha256": digest,
        "x-amz-date": stamp,
        **({"x-amz-security-token": credentials.token} if credentials.token else {}),
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    asked = f"{question.method}\n{encoded(path)}\n{question.query}\n{lines}\n{names}\n{digest}"
    scope = f"{stamp[:8]}/{region}/{question.service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(asked.encode()).hexdigest()}"
    signature = _keyed(_key(credentials.secret_key, scope), to_sign).hex()
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return signed


def encoded(path: str) -> str:
    """A path as S3 wants it in a request and in a signature."""
    return quote(path, safe="/-_.~")


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _keyed(key, part)
    return key


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
