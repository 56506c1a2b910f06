"""Build the packages of the model folders and bring up the cloud that serves them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra import package, template
from infra.local.cloud import LocalCloud
from infra.local.moto_process import MotoProcess
from serving import artifact, folder, lock
from serving.folder import ModelFolder
from training.release.registry import Registry


@dataclass(frozen=True, slots=True)
class Launched:
    """A cloud, the models it serves, and why it does not serve the others."""

    cloud: LocalCloud
    served: list[ModelFolder]
    missing: Mapping[str, str]


@contextmanager
def launch(
    root: Path, port: int, moto: MotoProcess, logs: Path, report: Callable[[str], None]
) -> Iterator[Launched]:
    """A cloud of the models of `root` that are built; the others are told of, and left out.

    Raises FolderError, PackageError, CloudError.
    """
    built = package.build("local", root)
    models = folder.discover(root / "functions")
    served = [model for model in models if model.name not in built.missing]
    rendered = template.render(served)
    with LocalCloud.start(
        rendered, built.folder, port=port, logs=logs, moto=moto, report=report
    ) as cloud:
        _seed(cloud, root, served)
        yield Launched(cloud, served, built.missing)


def _seed(cloud: LocalCloud, root: Path, models: list[ModelFolder]) -> None:
    """Put each model's locked artifact into the artifacts bucket, as if it had been published."""
    registry = Registry(cloud.client("s3"), cloud.artifacts_bucket)
    for model in models:
        locked = lock.read(model.path)
        released = root / "training" / model.name / "artifact"
        registry.seed(locked, artifact.load(released, locked.digest))
