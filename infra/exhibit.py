"""A model as its callers meet it: its facts, its artifact, and what its task says of both."""

import json
from dataclasses import dataclass
from typing import Self

from serving import limits, manifest, tasks
from serving.artifact import Artifact
from serving.folder import ModelFolder
from serving.limits import Limits
from serving.lock import Lock
from serving.tasks import Task
from serving.types import JsonObject


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One model to be shown; `examples` are as `examples.json` has them."""

    folder: ModelFolder
    lock: Lock
    artifact: Artifact
    limits: Limits
    task: Task
    examples: list[JsonObject]

    @classmethod
    def of(cls, folder: ModelFolder, lock: Lock, artifact: Artifact) -> Self:
        """Read what the artifact holds.  Raises ArtifactError."""
        allowed = limits.with_overrides(artifact.manifest.limits)
        return cls(
            folder=folder,
            lock=lock,
            artifact=artifact,
            limits=allowed,
            task=tasks.build(artifact, allowed),
            examples=json.loads(artifact.read(manifest.EXAMPLES))["examples"],
        )

    @property
    def name(self) -> str:
        """The model's name."""
        return self.folder.name

    @property
    def version(self) -> str:
        """The version that is served, as answers name it."""
        return str(self.lock.version)
