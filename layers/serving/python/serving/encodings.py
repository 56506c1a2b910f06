"""Compressed bodies: `Content-Encoding` of a request, `Accept-Encoding` for its answer.

Imported when a request asks for it.  What a request unpacks to is bounded while it is unpacked.
"""

import zlib

from serving import arrays
from serving.errors import BadRequest, TooLarge, UnsupportedMediaType
from serving.http import Response
from serving.negotiation import preferred

# Content coding -> zlib's window bits, which say as well what surrounds the compressed data.
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_OFFERED = ("gzip", "deflate")
_PACKED_ALREADY = ("image/", "audio/")
# Six levels more would save a tenth of the bytes and take three times as long.
_LEVEL = 1


def unpacked(body: bytes, coding: str, most: int) -> bytes:
    """A body without its content coding, of at most `most` bytes.

    Raises UnsupportedMediaType for another coding, BadRequest when it is damaged, TooLarge.
    """
    name = coding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in _WINDOW_BITS:
        shown = arrays.shown(coding)
        raise UnsupportedMediaType(f"content-encoding is {shown}, expected gzip or deflate")
    machine = zlib.decompressobj(_WINDOW_BITS[name])
    try:
        plain = machine.decompress(body, most + 1)
    except zlib.error:
        raise BadRequest(f"the body is not {name}, as its content-encoding says") from None
    if len(plain) > most:
        raise TooLarge(f"the body unpacks to more than {most} bytes")
    if not machine.eof:
        raise BadRequest(f"the body's {name} is cut off")
    if machine.unused_data:
        raise BadRequest(f"the body goes on behind the end of its {name}")
    return plain


def packed(response: Response, accepted: str) -> Response:
    """The response in the coding that the caller accepts, or as it is when it accepts none."""
    coding = preferred(accepted, _OFFERED)
    if coding is None or response.media_type.startswith(_PACKED_ALREADY):
        return response
    machine = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS[coding])
    body = machine.compress(response.body) + machine.flush()
    vary = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Encoding")))
    headers = {**response.headers, "Content-Encoding": coding, "Vary": vary}
    return Response(response.status, body, response.media_type, headers)
