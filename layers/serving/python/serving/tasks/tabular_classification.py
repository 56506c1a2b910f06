"""Which class a row of named numbers belongs to.

Graph: one input FP32 (N, F), output `probabilities` FP32 (N, C).
"""

from collections.abc import Iterable

from serving.artifact import Artifact
from serving.features import Features
from serving.labels import Labels
from serving.limits import Limits
from serving.manifest import Manifest
from serving.tasks import require_inputs, require_outputs
from serving.types import Json, JsonObject, Tensors


class TabularClassification:
    """Rows in, labels with scores out."""

    media_types = ("text/csv",)

    def __init__(self, manifest: Manifest) -> None:
        require_inputs(manifest, ["FP32"])
        require_outputs(manifest, ["probabilities"])
        self._input = manifest.inputs[0].name
        self._features = Features(manifest.details)
        self._labels = Labels(manifest.details)

    def instances(self, media_type: str, body: bytes) -> Iterable[Json]:
        return self._features.rows(body)

    def decode(self, instances: list[Json]) -> Tensors:
        return {self._input: self._features.decode(instances)}

    def encode(self, outputs: Tensors) -> list[Json]:
        return self._labels.encode(outputs["probabilities"])

    def schema(self) -> JsonObject:
        return self._features.schema()

    def prediction_schema(self) -> JsonObject:
        return self._labels.schema()


def build(artifact: Artifact, limits: Limits) -> TabularClassification:
    """The task of one model.  Raises ArtifactError when the manifest does not fit it."""
    return TabularClassification(artifact.manifest)
