"""The number that belongs to a row of named numbers.

Graph: one input FP32 (N, F), output `value` FP32 (N, 1).
"""

from collections.abc import Iterable

from serving import arrays
from serving.artifact import Artifact
from serving.features import Features
from serving.limits import Limits
from serving.manifest import Manifest
from serving.tasks import require_inputs, require_outputs
from serving.types import Json, JsonObject, Tensors


class TabularRegression:
    """Rows in, values with their unit out."""

    media_types = ("text/csv",)

    def __init__(self, manifest: Manifest) -> None:
        require_inputs(manifest, ["FP32"])
        require_outputs(manifest, ["value"])
        self._input = manifest.inputs[0].name
        self._features = Features(manifest.details)
        self._unit = str(manifest.details.get("target", {}).get("unit", ""))

    def instances(self, media_type: str, body: bytes) -> Iterable[Json]:
        return self._features.rows(body)

    def decode(self, instances: list[Json]) -> Tensors:
        return {self._input: self._features.decode(instances)}

    def encode(self, outputs: Tensors) -> list[Json]:
        values = outputs["value"]
        arrays.require_finite(values, "the model's answer")
        return [{"value": value, "unit": self._unit} for value in values.reshape(-1).tolist()]

    def schema(self) -> JsonObject:
        return self._features.schema()

    def prediction_schema(self) -> JsonObject:
        properties = {"value": {"type": "number"}, "unit": {"const": self._unit}}
        return {"type": "object", "properties": properties, "required": list(properties)}


def build(artifact: Artifact, limits: Limits) -> TabularRegression:
    """The task of one model.  Raises ArtifactError when the manifest does not fit it."""
    return TabularRegression(artifact.manifest)
