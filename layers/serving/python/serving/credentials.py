"""Callers' keys: how they read, and what is kept of them to know them again.

A key is `flt_PREFIX_SECRET`.  The prefix is public: it finds the key's record and names the caller.
Of the secret only a salted digest is kept.  That digest is quick on purpose: a slow one protects
secrets that people choose, while nobody guesses 256 random bits, however fast he may try.
References: RFC 6750 (Bearer), RFC 2104 (HMAC), NIST SP 800-132 appendix A (what slowness is for).
"""

import hmac
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Self

from serving.json_types import JsonObject

_LETTERS = string.ascii_letters + string.digits
_PREFIX_LENGTH = 8
# 62 ** 43 is just over 2 ** 256.
_SECRET_LENGTH = 43
_SALT_BYTES = 16
_KEY = re.compile(
    rf"flt_([A-Za-z0-9]{{{_PREFIX_LENGTH}}})_([A-Za-z0-9]{{{_SECRET_LENGTH}}})", re.ASCII
)
_CALLER = "key_"


@dataclass(frozen=True, slots=True)
class Credential:
    """A key as its caller has it."""

    prefix: str
    secret: str

    @property
    def text(self) -> str:
        """What the caller sends: the one thing that must stay secret."""
        return f"flt_{self.prefix}_{self.secret}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What is kept of a key; times are seconds since 1970, 0 for never.

    `meter` is the value of the API Gateway key that counts for this one: a name, no secret.
    """

    prefix: str
    name: str
    salt: str
    digest: str
    scopes: str
    plan: str
    meter: str
    meter_id: str
    created: int
    expires: int = 0
    revoked: int = 0

    @property
    def caller(self) -> str:
        """The caller's public id; it stays the same when the secret is replaced."""
        return _CALLER + self.prefix

    def fits(self, credential: Credential) -> bool:
        """Whether this is the key's secret; takes as long whatever differs."""
        expected = digest(credential.secret, self.salt)
        return hmac.compare_digest(expected, self.digest)

    def refused_for(self, now: float) -> str | None:
        """Why the key is not good any more, or None."""
        if self.revoked:
            return "revoked"
        return "expired" if self.expires and now >= self.expires else None

    def to_item(self) -> JsonObject:
        """The record as DynamoDB has it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in values.items()
        }

    @classmethod
    def from_item(cls, item: JsonObject) -> Self:
        """The record that DynamoDB has."""
        values: JsonObject = {}
        for field in fields(cls):
            [(kind, value)] = item[field.name].items()
            values[field.name] = int(value) if kind == "N" else value
        return cls(**values)


def mint(prefix: str | None = None) -> Credential:
    """A new key; with `prefix`, a new secret for the one that has it."""
    return Credential(prefix or _random(_PREFIX_LENGTH), _random(_SECRET_LENGTH))


def new_salt() -> str:
    """A salt, in hexadecimal."""
    return secrets.token_hex(_SALT_BYTES)


def digest(secret: str, salt: str) -> str:
    """HMAC-SHA256 of a secret, its salt being the key; both in hexadecimal."""
    return hmac.new(bytes.fromhex(salt), secret.encode(), sha256).hexdigest()


def prefix_of(caller: str) -> str:
    """The prefix in a caller's public id, or in a whole key; else the text itself."""
    key = _KEY.fullmatch(caller)
    return key[1] if key else caller.removeprefix(_CALLER)


def shown(headers: Mapping[str, str]) -> Credential | None:
    """The key in a request's headers, whichever of the two ways it was sent."""
    sent = {name.lower(): value for name, value in headers.items()}
    scheme, _, token = sent.get("authorization", "").strip().partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    for text in (bearer, sent.get("x-api-key", "").strip()):
        if key := _KEY.fullmatch(text):
            return Credential(key[1], key[2])
    return None


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
