"""The files that the service serves: the pages, what they load, and what is said of the models.

The build puts each into the package gzipped.  What lies below `assets/` is addressed by a digest of
all of it, so a browser asks once and keeps it; of everything else it asks whether it has changed.
"""

import gzip
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from serving.http import Response
from serving.negotiation import preferred

_PAGES = {"index.html": "/", "docs.html": "/docs"}
_ASSETS = "/assets/"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
# Nothing runs, is shown or is asked but what comes from here; a picture or a recording of the
# reader's own lives in the page, as do the icons inside Swagger UI's style sheet.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "blob:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{what} {who}" for what, who in _POLICY.items()),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def find(folder: Path) -> dict[str, Path]:
    """The files below `folder`, by the path at which callers ask for each."""
    found = {}
    for file in folder.rglob("*.gz"):
        name = file.relative_to(folder).as_posix().removesuffix(".gz")
        found[_PAGES.get(name, f"/{name}")] = file
    return found


def answer(path: str, file: Path, headers: Mapping[str, str]) -> Response:
    """The file at `path`, for a caller with these headers, whose names are lower-case.

    It goes out gzipped to whoever takes that, and not at all to whoever has it already.
    """
    packed = _read(file)
    tag = _tag(packed)
    said = {**_HEADERS, "ETag": tag, "Cache-Control": _caching(path)}
    media_type = _MEDIA_TYPES[Path(file.stem).suffix]
    if tag in headers.get("if-none-match", ""):
        return Response(HTTPStatus.NOT_MODIFIED, b"", media_type, said)
    if preferred(headers.get("accept-encoding", ""), ["gzip"]) is None:
        return Response(HTTPStatus.OK, gzip.decompress(packed), media_type, said)
    return Response(HTTPStatus.OK, packed, media_type, {**said, "Content-Encoding": "gzip"})


def _caching(path: str) -> str:
    return "public, max-age=31536000, immutable" if path.startswith(_ASSETS) else "no-cache"


@cache
def _read(file: Path) -> bytes:
    return file.read_bytes()


@cache
def _tag(packed: bytes) -> str:
    """Weak, as one tag stands for the file gzipped and not."""
    return f'W/"{sha256(packed).hexdigest()[:16]}"'
