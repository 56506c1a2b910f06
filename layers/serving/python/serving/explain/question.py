"""What is explained: one instance, as it came and as it was decoded."""

from dataclasses import dataclass

from serving.types import Json, JsonObject, Tensors


@dataclass(frozen=True, slots=True)
class Question:
    """One instance of a request: its place in it, its inputs (each of one row), the options."""

    index: int
    instance: Json
    inputs: Tensors
    options: JsonObject
