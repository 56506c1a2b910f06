"""Images: how much the score falls when one cell of a 7 x 7 grid is covered.

Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 4.2, with a
grid in place of a sliding square.  Covered is painted over with the image's median colour: the
background of a drawing, the middling tone of a photo.

Cells do not add up by themselves, as several may show the same thing, or only do so together.
`base` takes what is left of the score, so that the sum holds; `blank`, the score of the image
covered whole, tells how much of `base` the cells only explain together: `base - blank`.
"""

from base64 import b64encode
from collections.abc import Iterator

import numpy as np
from PIL import Image

from serving.explain import grid, overlay
from serving.explain.question import Question
from serving.explain.score import Score
from serving.types import Array, JsonObject

METHODS = ("occlusion",)
OPTIONS = ("overlay",)
_NUMBER = {"type": "number"}
_EACH = {"minItems": grid.SIDE, "maxItems": grid.SIDE}
PARTS: JsonObject = {
    "cells": {
        "type": "array",
        "description": "How much each cell adds to the score, in rows from the top left.",
        "items": {"type": "array", "items": _NUMBER, **_EACH},
        **_EACH,
    },
    "blank": {**_NUMBER, "description": "The score when everything is covered."},
    "overlay": {
        "type": "string",
        "contentEncoding": "base64",
        "contentMediaType": overlay.MEDIA_TYPE,
        "description": "The image with the cells over it: orange speaks for, blue against.",
    },
}

# A larger image is looked at in this size, or its 51 versions would take seconds.
_LARGEST_SIDE = 512
_PIXELS_A_RUN = 2_000_000


def attribute(score: Score, question: Question) -> JsonObject:
    """Divide an image's score up among the cells of a grid: `cells`, 7 rows of 7, and `blank`."""
    (tensor,) = question.inputs
    pixels = _shrunk(question.inputs[tensor][0])
    whole, blank, *covered = score({tensor: batch} for batch in _versions(pixels)).tolist()
    values = (whole - np.array(covered)).reshape(grid.SIDE, grid.SIDE)
    found: JsonObject = {
        "method": METHODS[0],
        "base": score.served - float(values.sum()),
        "cells": values.tolist(),
        "blank": blank,
    }
    if question.options.get("overlay"):
        found["overlay"] = b64encode(overlay.draw(pixels, values)).decode()
    return found


def _versions(pixels: Array) -> Iterator[Array]:
    """The image as it is, blank, and with each cell covered, in batches UINT8 (N, H, W, C)."""
    height, width, channels = pixels.shape
    colour = np.median(pixels.reshape(-1, channels), axis=0).astype(np.uint8)
    everything, nothing = slice(None), slice(0)
    covers = [(nothing, nothing), (everything, everything), *grid.cells(height, width)]
    together = max(1, _PIXELS_A_RUN // (height * width))
    for start in range(0, len(covers), together):
        some = covers[start : start + together]
        batch = np.repeat(pixels[None], len(some), axis=0)
        for image, cover in zip(batch, some, strict=True):
            image[cover] = colour
        yield batch


def _shrunk(pixels: Array) -> Array:
    """An image (H, W, C) of at most _LARGEST_SIDE a side, each pixel the mean of a square."""
    factor = -(-max(pixels.shape[:2]) // _LARGEST_SIDE)
    if factor == 1:
        return pixels
    image = Image.fromarray(pixels.squeeze(axis=2) if pixels.shape[2] == 1 else pixels)
    reduced = np.asarray(image.reduce(factor))
    return reduced.reshape(*reduced.shape[:2], -1)
