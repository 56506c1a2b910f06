"""Attributions of an image's cells, drawn over it.

Orange speaks for the label and blue against it: two hues that people with any colour blindness tell
apart (Okabe and Ito, Color Universal Design, 2008).  The image below is grey, so that every colour
that is seen is an attribution.
"""

from io import BytesIO

import numpy as np
from PIL import Image

from serving.explain import grid
from serving.types import Array

MEDIA_TYPE = "image/png"
_FOR = (213, 94, 0)
_AGAINST = (0, 114, 178)
_STRONGEST = 0.75
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def draw(pixels: Array, values: Array) -> bytes:
    """A PNG of the size of `pixels` UINT8 (H, W, C), tinted by `values` (7, 7).

    The largest attribution, for or against, has the strongest tint.
    """
    height, width, channels = pixels.shape
    grey = pixels @ _LUMA if channels == len(_LUMA) else pixels[..., 0].astype(np.float64)
    drawn = np.repeat(grey[..., None], len(_FOR), axis=2)
    shares = values.reshape(-1) / (np.abs(values).max() or 1.0)
    for cell, share in zip(grid.cells(height, width), shares.tolist(), strict=True):
        strength = abs(share) * _STRONGEST
        tint = np.array(_FOR if share > 0 else _AGAINST)
        drawn[cell] = drawn[cell] * (1 - strength) + tint * strength
    buffer = BytesIO()
    Image.fromarray(drawn.round().astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
