"""The clouds that the tests share; each process of pytest-xdist has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.cloud import LocalCloud
from tests.integration import tiny


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
