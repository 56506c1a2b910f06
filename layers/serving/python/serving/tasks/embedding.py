"""Where a text lies among others: a vector whose cosine with another's says how alike they are.

Graph: as for text classification, with `token_type_ids` (N, T) as well; output `embedding` FP32
(N, D), pooled and of length 1.
"""

from serving import arrays
from serving.artifact import Artifact
from serving.limits import Limits
from serving.tasks import require_outputs
from serving.texts import MEDIA_TYPES, Texts, with_truncated
from serving.types import Json, JsonObject, Tensors


class Embedding:
    """Texts in, vectors out, and whether the text was longer than the model reads."""

    media_types = MEDIA_TYPES

    def __init__(self, artifact: Artifact, limits: Limits) -> None:
        require_outputs(artifact.manifest, ["embedding"])
        self._texts = Texts(artifact, limits)
        self._width = artifact.manifest.outputs[0].shape[-1]

    def instances(self, media_type: str, body: bytes) -> list[Json]:
        return self._texts.instances(media_type, body)

    def decode(self, instances: list[Json]) -> Tensors:
        return self._texts.decode(instances)

    def encode(self, outputs: Tensors) -> list[Json]:
        vectors = outputs["embedding"]
        arrays.require_finite(vectors, "the model's answer")
        return [
            {"embedding": vector, "truncated": truncated}
            for vector, truncated in zip(vectors, outputs["truncated"].tolist(), strict=True)
        ]

    def schema(self) -> JsonObject:
        return self._texts.schema()

    def prediction_schema(self) -> JsonObject:
        vector: JsonObject = {"type": "array", "items": {"type": "number"}}
        if self._width > 0:
            vector |= {"minItems": self._width, "maxItems": self._width}
        return with_truncated(
            {"type": "object", "properties": {"embedding": vector}, "required": ["embedding"]}
        )


def build(artifact: Artifact, limits: Limits) -> Embedding:
    """The task of one model.  Raises ArtifactError when the artifact does not fit it."""
    return Embedding(artifact, limits)
