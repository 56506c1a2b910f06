"""Any ONNX graph whatever, asked in tensors through the Open Inference Protocol only."""

from typing import NoReturn

from serving.artifact import Artifact
from serving.errors import NotFound
from serving.limits import Limits
from serving.types import Json, JsonObject, Tensors


class TensorsTask:
    """No natural question of its own: whoever asks for one is told where to ask."""

    media_types = ()

    def __init__(self, model: str) -> None:
        self._model = model

    def instances(self, media_type: str, body: bytes) -> list[Json]:
        self._refuse()

    def decode(self, instances: list[Json]) -> Tensors:
        self._refuse()

    def encode(self, outputs: Tensors) -> list[Json]:
        self._refuse()

    def schema(self) -> JsonObject:
        return {}

    def prediction_schema(self) -> JsonObject:
        return {}

    def _refuse(self) -> NoReturn:
        raise NotFound(
            f"model '{self._model}' answers tensors: POST /v2/models/{self._model}/infer"
        )


def build(artifact: Artifact, limits: Limits) -> TensorsTask:
    """The task of one model."""
    return TensorsTask(artifact.manifest.model)
