"""SHA-256, by whichever implementation is there sooner."""

from pathlib import Path

try:
    from _sha2 import sha256 as _builtin  # type: ignore[import-not-found]
except ImportError:  # Python 3.11 calls it otherwise
    from _sha256 import sha256 as _builtin  # type: ignore[import-not-found]

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


def sha256_of_file(path: Path, size_bytes: int) -> str:
    """The SHA-256 of a file of about this size, hexadecimal, in little memory.

    What is read stays in the page cache, so mapping the file afterwards reads nothing again.
    """
    if size_bytes < _LARGE_BYTES:
        return sha256(path.read_bytes())
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
