"""One model, loaded and ready: everything that the doors and the protocols share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Self

from serving import arrays, artifact, limits, pieces, tasks
from serving.artifact import Artifact
from serving.errors import TooLarge, Unprocessable, UnsupportedMediaType
from serving.hooks import Hooks
from serving.http import FORM, JSON, JSON_LINES
from serving.limits import Limits
from serving.lock import Tuning
from serving.manifest import Manifest
from serving.session import Session
from serving.tasks import Task
from serving.types import Json, Tensors


@dataclass(frozen=True, slots=True)
class Service:
    """A verified artifact with the session of one variant, its task and its hooks."""

    manifest: Manifest
    version: str
    digest: str
    limits: Limits
    task: Task
    hooks: Hooks
    session: Session
    artifact: Artifact
    variant: str
    open_variant: Callable[[str], Session]
    _chosen: dict[str, Self] = field(default_factory=dict, repr=False)

    @classmethod
    def load(
        cls,
        folder: Path,
        version: str = "1",
        digest: str | None = None,
        hooks: Hooks | None = None,
        memory_mb: int = 512,
        tuning: Tuning | None = None,
    ) -> Self:
        """Load the artifact in `folder`, verified against `digest` when it is given.

        Raises ArtifactError when it is not what it promises, before onnxruntime sees a byte.
        """
        verified = artifact.load(folder, digest)
        manifest = verified.manifest
        allowed = limits.with_overrides(manifest.limits)

        def open_variant(name: str) -> Session:
            mapped = manifest.compiled is not None and name == manifest.variant
            graph = verified.mapped_graph() if mapped else verified.graph(name)
            return Session(graph, manifest, memory_mb, tuning or Tuning())

        return cls(
            manifest=manifest,
            version=version,
            digest=manifest.compiled.source if manifest.compiled else verified.digest,
            limits=allowed,
            task=tasks.build(verified, allowed),
            hooks=hooks or Hooks(),
            session=open_variant(manifest.variant),
            artifact=verified,
            variant=manifest.variant,
            open_variant=open_variant,
        )

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.model

    def choose(self, variant: Json) -> Self:
        """The service that answers with this variant, or with the default one when it is None.

        A variant's session is made when it is first asked for.

        Raises Unprocessable when there is no such variant.
        """
        if variant is None or variant == self.variant:
            return self
        known = self.manifest.graphs
        if not isinstance(variant, str) or variant not in known:
            was, expected = arrays.shown(variant), arrays.listed(known)
            raise Unprocessable(f"variant is {was}, expected one of {expected}")
        if variant not in self._chosen:
            session = self.open_variant(variant)
            self._chosen[variant] = replace(self, variant=variant, session=session)
        return self._chosen[variant]

    def predict(self, instances: list[Json], deadline: float | None = None) -> list[Json]:
        """One prediction an instance.  Raises ServingError; `deadline` as in `Session.run`."""
        self.require_batch(len(instances))
        inputs = self.task.decode(instances)
        return self.task.encode(inputs | self.infer(inputs, deadline))

    def infer(self, inputs: Tensors, deadline: float | None = None) -> Tensors:
        """Decoded inputs to outputs: preprocess, run, postprocess."""
        if deadline is None:
            deadline = monotonic() + self.limits.deadline_s
        until = deadline
        ready = self.hooks.preprocess(inputs)
        outputs = pieces.run(self.manifest, ready, lambda some: self.session.run(some, until))
        return self.hooks.postprocess(outputs)

    def instances(self, media_type: str, body: bytes) -> Iterable[Json]:
        """Split a raw body into instances.  Raises UnsupportedMediaType, or what the task does."""
        # What takes none has its own word on where to ask.
        if self.task.media_types and media_type not in self.task.media_types:
            expected = ", ".join((JSON, JSON_LINES[0], FORM, *self.task.media_types))
            raise UnsupportedMediaType(f"media type is '{media_type}', expected one of {expected}")
        return self.task.instances(media_type, body)

    def require_batch(self, size: int) -> None:
        """Raise unless a request may hold so many instances."""
        if size == 0:
            raise Unprocessable("the request holds no instance, expected at least 1")
        if size > self.limits.batch:
            raise TooLarge(
                f"the request holds {size} instances, expected at most {self.limits.batch}"
            )
