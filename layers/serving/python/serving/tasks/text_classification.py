"""Which class a text belongs to.

Graph: `input_ids` INT64 (N, T), and as it likes `attention_mask` (N, T) and `lengths` (N,); output
`probabilities` FP32 (N, C).
"""

from collections.abc import Iterable

from serving.artifact import Artifact
from serving.labels import Labels
from serving.limits import Limits
from serving.tasks import require_outputs
from serving.texts import MEDIA_TYPES, Texts, with_truncated
from serving.types import Json, JsonObject, Tensors


class TextClassification:
    """Texts in; labels with scores out, and whether the text was longer than the model reads."""

    media_types = MEDIA_TYPES

    def __init__(self, artifact: Artifact, limits: Limits) -> None:
        require_outputs(artifact.manifest, ["probabilities"])
        self.texts = Texts(artifact, limits)
        self._labels = Labels(artifact.manifest.details)

    def instances(self, media_type: str, body: bytes) -> Iterable[Json]:
        return self.texts.instances(media_type, body)

    def decode(self, instances: list[Json]) -> Tensors:
        return self.texts.decode(instances)

    def encode(self, outputs: Tensors) -> list[Json]:
        predictions = self._labels.encode(outputs["probabilities"])
        for prediction, truncated in zip(predictions, outputs["truncated"].tolist(), strict=True):
            prediction["truncated"] = truncated
        return predictions

    def schema(self) -> JsonObject:
        return self.texts.schema()

    def prediction_schema(self) -> JsonObject:
        return with_truncated(self._labels.schema())


def build(artifact: Artifact, limits: Limits) -> TextClassification:
    """The task of one model.  Raises ArtifactError when the artifact does not fit it."""
    return TextClassification(artifact, limits)
