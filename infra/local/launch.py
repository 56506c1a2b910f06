"""Build the packages of the model folders and bring up the cloud that serves them."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra import contents, package, template
from infra.local.cloud import LocalCloud
from infra.local.moto_process import MotoProcess
from serving import artifact, folder, lock
from serving.folder import ModelFolder
from training.release.registry import Registry

# What is being served: a build beside a running cloud leaves it alone.
PACKAGES = Path("build") / "up"


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
    built = package.build("local", root, own=root / PACKAGES)
    models = folder.discover(root / "functions")
    served = [model for model in models if model.name not in built.missing]
    rendered = template.render(served)
    with (
        LocalCloud.start(
            rendered, built.folder, port=port, logs=logs, moto=moto, report=report
        ) as cloud,
        _seeded(cloud, root, served, report),
    ):
        yield Launched(cloud, served, built.missing)


@contextmanager
def _seeded(
    cloud: LocalCloud, root: Path, models: list[ModelFolder], report: Callable[[str], None]
) -> Iterator[None]:
    """Put each model's locked artifact into the artifacts bucket, as if it had been published.

    Those that functions fetch from there come before anything else; the others follow while the
    cloud is up, as only `publish` looks for them, and that gets along with others who write.
    """
    registry = Registry(cloud.client("s3"), cloud.artifacts_bucket)
    locks = {model.name: lock.read(model.path) for model in models}
    released = {
        name: artifact.load(root / "training" / name / "artifact", locked.digest)
        for name, locked in locks.items()
    }
    forms = {name: contents.served(root, locks[name], released[name]) for name in locks}
    large = {name for name, form in forms.items() if not contents.rides_along(form)}

    def seed(name: str) -> None:
        registry.seed(locks[name], released[name])
        if name in large:
            registry.store(forms[name])

    def seed_others() -> None:
        try:
            for name in locks.keys() - large:
                seed(name)
        except Exception as error:
            report(f"the artifacts bucket is not complete: {error}")

    for name in large:
        seed(name)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(seed_others)
        yield
