"""The clouds that the tests share; each process of pytest-xdist has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import package, template
from infra.local.cloud import LocalCloud
from serving.folder import ModelFolder
from tests.integration import tiny
from tests.integration.fleet import ROOT, released


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the cloud of obedient functions has its packages and logs."""
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="session")
def tiny_cloud(tiny_folder: Path) -> Iterator[LocalCloud]:
    """A cloud of obedient functions."""
    with tiny.running(tiny_folder) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def _spares() -> Iterator[str]:
    return iter(tiny.SPARE)


@pytest.fixture
def spare(_spares: Iterator[str]) -> str:
    """A function of that cloud that no other test touches: this one may change it."""
    return next(_spares)


@pytest.fixture(scope="session")
def models() -> list[ModelFolder]:
    """The model folders that have a published artifact here."""
    return released(ROOT)


@pytest.fixture(scope="session")
def cloud(
    models: list[ModelFolder], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCloud]:
    """A cloud of this repository's models, from the packages that `flotilla up` would run."""
    built = package.build("local", ROOT)
    logs = tmp_path_factory.mktemp("logs")
    with LocalCloud.start(template.render(models), built.folder, logs=logs) as running:
        yield running
