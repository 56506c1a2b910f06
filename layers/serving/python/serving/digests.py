"""SHA-256, by whichever implementation is there sooner."""

try:
    from _sha2 import sha256 as _builtin  # type: ignore[import-not-found]
except ImportError:  # Python 3.11
    from hashlib import sha256 as _builtin

# Importing `hashlib` loads OpenSSL: 3 ms and 3.4 MB.  It digests four times as fast as Python's own
# code, so from this size on it pays.
_LARGE_BYTES = 2_000_000


def sha256(content: bytes | memoryview) -> str:
    """The SHA-256 of `content`, hexadecimal."""
    if len(content) < _LARGE_BYTES:
        digest: str = _builtin(content).hexdigest()
        return digest
    import hashlib

    return hashlib.sha256(content).hexdigest()
