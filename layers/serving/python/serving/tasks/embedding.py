"""Where a text lies among others: a vector whose cosine with another's says how alike they are.

Who only wants to know that asks with `{"text": ..., "compare_to": [...]}`.

Graph: as for text classification, with `token_type_ids` (N, T) as well; output `embedding` FP32
(N, D), pooled and of length 1.
"""

from collections.abc import Iterable

import numpy as np

from serving import arrays
from serving.artifact import Artifact
from serving.errors import TooLarge, Unprocessable
from serving.limits import Limits
from serving.tasks import require_outputs
from serving.texts import MEDIA_TYPES, Texts, with_truncated
from serving.types import Json, JsonObject, Tensors


class Embedding:
    """Texts in, vectors out, or how alike one is to others; and whether one had to be cut."""

    media_types = MEDIA_TYPES

    def __init__(self, artifact: Artifact, limits: Limits) -> None:
        require_outputs(artifact.manifest, ["embedding"])
        self._texts = Texts(artifact, limits)
        self._most = limits.batch
        self._width = artifact.manifest.outputs[0].shape[-1]

    def instances(self, media_type: str, body: bytes) -> Iterable[Json]:
        return self._texts.instances(media_type, body)

    def decode(self, instances: list[Json]) -> Tensors:
        """Texts to the graph's inputs; where some are compared, `sizes` has how many each holds."""
        if not any(map(_compares, instances)):
            return self._texts.decode(instances)
        texts: list[Json] = []
        sizes: list[int] = []
        for index, instance in enumerate(instances):
            asked = _asked(instance, index) if _compares(instance) else [instance]
            texts += asked
            sizes.append(len(asked))
        if len(texts) > self._most:
            raise TooLarge(f"the request holds {len(texts)} texts, expected at most {self._most}")
        return self._texts.decode(texts) | {"sizes": np.array(sizes)}

    def encode(self, outputs: Tensors) -> list[Json]:
        vectors, truncated = outputs["embedding"], outputs["truncated"]
        arrays.require_finite(vectors, "the model's answer")
        if "sizes" not in outputs:
            return [
                {"embedding": vector, "truncated": cut}
                for vector, cut in zip(vectors, truncated.tolist(), strict=True)
            ]
        predictions: list[Json] = []
        start = 0
        for size in outputs["sizes"].tolist():
            answer: JsonObject = {"embedding": vectors[start]}
            if size > 1:
                answer = {"similarities": vectors[start + 1 : start + size] @ vectors[start]}
            cut = bool(truncated[start : start + size].any())
            predictions.append({**answer, "truncated": cut})
            start += size
        return predictions

    def schema(self) -> JsonObject:
        schema = self._texts.schema()
        text = schema["oneOf"][0]
        others = {"type": "array", "items": text, "minItems": 1, "maxItems": self._most - 1}
        compared = {
            "type": "object",
            "properties": {"text": text, "compare_to": others},
            "required": ["text", "compare_to"],
            "additionalProperties": False,
        }
        return {"oneOf": [*schema["oneOf"], compared]}

    def prediction_schema(self) -> JsonObject:
        vector: JsonObject = {"type": "array", "items": {"type": "number"}}
        if self._width > 0:
            vector |= {"minItems": self._width, "maxItems": self._width}
        return with_truncated(
            {
                "type": "object",
                "properties": {
                    "embedding": vector,
                    "similarities": {"type": "array", "items": {"type": "number"}},
                },
                "required": [],
                "oneOf": [{"required": ["embedding"]}, {"required": ["similarities"]}],
            }
        )


def build(artifact: Artifact, limits: Limits) -> Embedding:
    """The task of one model.  Raises ArtifactError when the artifact does not fit it."""
    return Embedding(artifact, limits)


def _compares(instance: Json) -> bool:
    return isinstance(instance, dict) and "compare_to" in instance


def _asked(instance: JsonObject, index: int) -> list[Json]:
    """The text of an instance and those it is compared to.  Raises Unprocessable."""
    others = instance["compare_to"]
    if instance.keys() != {"text", "compare_to"} or not isinstance(others, list) or not others:
        shown = arrays.shown(instance)
        raise Unprocessable(
            f"instance {index} is {shown}, expected a text, or 'text' and 'compare_to' with texts"
        )
    return [instance["text"], *others]
