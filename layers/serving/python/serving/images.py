"""PNG and JPEG to pixels, checked for size before a pixel is unpacked."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import ceil, sqrt

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from serving.errors import BadRequest, TooLarge
from serving.limits import Limits
from serving.types import Array

MEDIA_TYPES = ("image/png", "image/jpeg")
_FORMATS = ("PNG", "JPEG")
_MODES = {1: "L", 3: "RGB"}
_SIXTEEN_TO_EIGHT = 257
# Graphs take four bytes a channel for each pixel, and look at a few thousand pixels in the end.
_LARGE = 6_000_000
# EXIF's orientation -> what turns the image upright (CIPA DC-008, "Exif", tag 0x0112).
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_all(files: list[bytes], channels: int, limits: Limits) -> list[Array]:
    """Each file as `decode` gives it; the limit on pixels holds for all of them together."""
    decoded: list[Array] = []
    left = limits.image_pixels
    for raw in files:
        with _opened(raw, limits) as image:
            left -= image.width * image.height
            if left < 0:
                raise TooLarge(f"the images have more than {limits.image_pixels} pixels together")
            decoded.append(_pixels(image, channels))
    return decoded


def decode(raw: bytes, channels: int, limits: Limits) -> Array:
    """An image file to UINT8 (H, W, channels), turned upright as its EXIF says.

    One of more than _LARGE pixels comes at a whole fraction of its size.

    Raises BadRequest when it is no PNG or JPEG, TooLarge when it unpacks to more than the limits.
    """
    return decode_all([raw], channels, limits)[0]


@contextmanager
def _opened(raw: bytes, limits: Limits) -> Iterator[Image.Image]:
    """An image whose size is known, and nothing of it unpacked."""
    try:
        with Image.open(BytesIO(raw), formats=_FORMATS) as image:
            _require_size(image, limits)
            yield image
    except Image.DecompressionBombError:  # Pillow's own limit, far above ours
        raise TooLarge(f"the image has more than {limits.image_pixels} pixels") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise BadRequest(f"the image cannot be read as PNG or JPEG: {_reason(error)}") from None


def _pixels(image: Image.Image, channels: int) -> Array:
    turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    plain = _eight_bit(image)
    if plain.mode != _MODES[channels]:
        plain = plain.convert(_MODES[channels])
    factor = ceil(sqrt(plain.width * plain.height / _LARGE))
    if factor > 1:
        plain = plain.reduce(factor)
    # Last, and not by Pillow's `exif_transpose`, which writes the EXIF that is left anew.
    upright = plain if turn is None else plain.transpose(turn)
    pixels = np.asarray(upright, dtype=np.uint8)
    return pixels.reshape(*pixels.shape[:2], channels)


def _require_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if max(width, height) > limits.image_side or width * height > limits.image_pixels:
        raise TooLarge(
            f"the image is {width} x {height}, expected at most {limits.image_side} a side "
            f"and {limits.image_pixels} pixels"
        )


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey to 8-bit: Pillow's own conversion would clip instead of scale."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image) // _SIXTEEN_TO_EIGHT).astype(np.uint8))


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it has no such signature"
    return str(error).lower() or "it is damaged"
