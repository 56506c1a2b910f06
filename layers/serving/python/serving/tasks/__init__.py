"""Tasks: the kinds of question a model answers, a module each.

A task module has one function, `build(artifact, limits) -> Task`.  A new task is a new file here.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.machinery import PathFinder
from typing import Protocol

from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.limits import Limits
from serving.manifest import Manifest
from serving.types import Json, JsonObject, Tensors


class Task(Protocol):
    """How one kind of question becomes tensors, and tensors its answer."""

    media_types: tuple[str, ...]
    """What `instances` reads, besides JSON."""

    def instances(self, media_type: str, body: bytes) -> Iterable[Json]:
        """Split a raw body of one of `media_types` into instances.

        Raises ServingError, some of it as late as at the instance that is wrong.
        """
        ...

    def decode(self, instances: list[Json]) -> Tensors:
        """Instances to the graph's inputs.  Raises ServingError naming the instance.

        Tensors that the graph does not take pass it by, to `encode`.
        """
        ...

    def encode(self, outputs: Tensors) -> list[Json]:
        """The graph's outputs, and what `decode` made, to one prediction an instance."""
        ...

    def schema(self) -> JsonObject:
        """The JSON Schema of one instance."""
        ...

    def prediction_schema(self) -> JsonObject:
        """The JSON Schema of one prediction."""
        ...


def build(artifact: Artifact, limits: Limits) -> Task:
    """The task that a manifest names.  Raises ArtifactError when there is none, or no fit."""
    manifest = artifact.manifest
    if PathFinder.find_spec(manifest.task, __path__) is None:
        from pkgutil import iter_modules

        known = sorted(module.name for module in iter_modules(__path__))
        raise ArtifactError(f"manifest: task is {manifest.task!r}, expected one of {known}")
    task: Task = import_module(f"{__name__}.{manifest.task}").build(artifact, limits)
    return task


def require_inputs(manifest: Manifest, datatypes: list[str]) -> None:
    """Raise ArtifactError unless the graph's inputs have exactly these datatypes."""
    found = [tensor.datatype for tensor in manifest.inputs]
    if found != datatypes:
        raise ArtifactError(f"a {manifest.task} graph has inputs of {found}, expected {datatypes}")


def require_outputs(manifest: Manifest, names: list[str]) -> None:
    """Raise ArtifactError unless the graph's outputs have exactly these names."""
    found = [tensor.name for tensor in manifest.outputs]
    if found != names:
        raise ArtifactError(f"a {manifest.task} graph has outputs {found}, expected {names}")
