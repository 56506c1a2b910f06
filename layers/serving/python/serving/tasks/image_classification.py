"""What an image shows.

Graph: one input UINT8 (N, H, W, C) of any height and width, output `probabilities` FP32 (N, C);
resizing and normalising are in the graph.
"""

import binascii

import numpy as np

from serving import arrays, images
from serving.errors import ArtifactError, Unprocessable
from serving.labels import Labels
from serving.limits import Limits
from serving.manifest import Manifest
from serving.tasks import require_tensors
from serving.types import Json, JsonObject, Tensors

_CHANNELS = (1, 3)


class ImageClassification:
    """PNG or JPEG in, raw or in base64; labels with scores out."""

    media_types = images.MEDIA_TYPES

    def __init__(self, manifest: Manifest, limits: Limits) -> None:
        require_tensors(manifest, ["UINT8"], ["probabilities"])
        self._input = manifest.inputs[0].name
        self._labels = Labels(manifest.details)
        self._limits = limits
        self._channels = manifest.details.get("image", {}).get("channels")
        if self._channels not in _CHANNELS:
            raise ArtifactError(
                f"manifest: details.image.channels is {self._channels!r}, expected 1 or 3"
            )

    def instances(self, media_type: str, body: bytes) -> list[Json]:
        return [body]

    def decode(self, instances: list[Json]) -> Tensors:
        decoded = [
            images.decode(_file(instance, index), self._channels, self._limits)
            for index, instance in enumerate(instances)
        ]
        sizes = {image.shape[:2] for image in decoded}
        if len(sizes) > 1:
            shown = ", ".join(f"{width} x {height}" for height, width in sorted(sizes))
            raise Unprocessable(f"the images are {shown}, expected one size in one request")
        return {self._input: np.stack(decoded)}

    def encode(self, outputs: Tensors) -> list[Json]:
        return self._labels.encode(outputs["probabilities"])

    def schema(self) -> JsonObject:
        return {
            "type": "object",
            "properties": {"image": {"type": "string", "contentEncoding": "base64"}},
            "required": ["image"],
            "additionalProperties": False,
        }


def build(manifest: Manifest, limits: Limits) -> ImageClassification:
    """The task of one model.  Raises ArtifactError when the manifest does not fit it."""
    return ImageClassification(manifest, limits)


def _file(instance: Json, index: int) -> bytes:
    if isinstance(instance, bytes):
        return instance
    if not isinstance(instance, dict) or set(instance) != {"image"}:
        shown = arrays.shown(instance)
        raise Unprocessable(f"instance {index} is {shown}, expected an object with 'image'")
    try:
        return binascii.a2b_base64(instance["image"], strict_mode=True)
    except (binascii.Error, TypeError, ValueError):
        raise Unprocessable(f"instance {index}: 'image' is not base64") from None
