"""Class scores to answers: the second half of every classification task."""

from serving import arrays
from serving.errors import ArtifactError
from serving.types import Array, Json, JsonObject


class Labels:
    """The labels of a classifier, in the order of its graph's output columns."""

    def __init__(self, details: JsonObject) -> None:
        """Read `labels` of a manifest's details.  Raises ArtifactError."""
        labels = details.get("labels")
        if not isinstance(labels, list) or not labels:
            raise ArtifactError(f"manifest: details.labels is {labels!r}, expected a list of names")
        self.names: list[str] = [str(label) for label in labels]
        self._notice = {"notice": details["notice"]} if "notice" in details else {}

    def encode(self, probabilities: Array) -> list[Json]:
        """Probabilities (N, C) to one `{"label", "score", "scores"}` a row.

        A `notice` of the manifest's details, what a reader must know, stands in each of them.
        """
        arrays.require_finite(probabilities, "the model's answer")
        winners = probabilities.argmax(axis=1).tolist()
        return [
            {
                "label": self.names[winner],
                "score": row[winner],
                "scores": dict(zip(self.names, row, strict=True)),
                **self._notice,
            }
            for winner, row in zip(winners, probabilities.tolist(), strict=True)
        ]

    def schema(self) -> JsonObject:
        """The JSON Schema of one such answer."""
        score = {"type": "number", "minimum": 0, "maximum": 1}
        properties: JsonObject = {
            "label": {"enum": self.names, "description": "the class with the highest score"},
            "score": score,
            "scores": {
                "type": "object",
                "properties": {name: score for name in self.names},
                "required": self.names,
                "additionalProperties": False,
            },
            **{key: {"const": notice} for key, notice in self._notice.items()},
        }
        return {"type": "object", "properties": properties, "required": list(properties)}
