"""What an image shows.

Graph: one input UINT8 (N, H, W, C) of any height and width, output `probabilities` FP32 (N, C);
resizing and normalising are in the graph.
"""

import numpy as np

from serving import base64_field, images
from serving.artifact import Artifact
from serving.errors import ArtifactError, Unprocessable
from serving.labels import Labels
from serving.limits import Limits
from serving.manifest import Manifest
from serving.tasks import require_inputs, require_outputs
from serving.types import Json, JsonObject, Tensors

_CHANNELS = (1, 3)


class ImageClassification:
    """PNG or JPEG in, raw or in base64; labels with scores out."""

    media_types = images.MEDIA_TYPES

    def __init__(self, manifest: Manifest, limits: Limits) -> None:
        require_inputs(manifest, ["UINT8"])
        require_outputs(manifest, ["probabilities"])
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
        files = [base64_field.read(each, index, "image") for index, each in enumerate(instances)]
        decoded = images.decode_all(files, self._channels, self._limits)
        sizes = {image.shape[:2] for image in decoded}
        if len(sizes) > 1:
            shown = ", ".join(f"{width} x {height}" for height, width in sorted(sizes))
            raise Unprocessable(f"the images come to {shown}, expected one size in one request")
        return {self._input: np.stack(decoded) if decoded[1:] else decoded[0][None]}

    def encode(self, outputs: Tensors) -> list[Json]:
        return self._labels.encode(outputs["probabilities"])

    def schema(self) -> JsonObject:
        return base64_field.schema("image")

    def prediction_schema(self) -> JsonObject:
        return self._labels.schema()


def build(artifact: Artifact, limits: Limits) -> ImageClassification:
    """The task of one model.  Raises ArtifactError when the manifest does not fit it."""
    return ImageClassification(artifact.manifest, limits)
