"""Every model of the repository that is released and whose artifact is here, found by discovery."""

from pathlib import Path

import pytest

from serving import artifact as artifacts
from serving import folder as folders
from serving import lock as locks
from serving.folder import ModelFolder
from training.release.check import check
from training.release.publish import artifact_folder, size_bytes

ROOT = Path(__file__).parents[3]
RELEASED = [
    folder
    for folder in folders.discover(ROOT / "functions")
    if (folder.path / locks.NAME).is_file() and artifact_folder(ROOT, folder.name).is_dir()
]


@pytest.mark.parametrize("folder", RELEASED, ids=lambda folder: folder.name)
def test_released_artifact_is_the_locked_one_and_passes(folder: ModelFolder) -> None:
    lock = locks.read(folder.path)
    artifact = artifacts.load(artifact_folder(ROOT, folder.name), expected_digest=lock.digest)
    assert lock.metrics == artifact.manifest.metrics
    assert lock.size_bytes == size_bytes(artifact)
    report = check(artifact.folder, folder, lock)
    assert report.passed, report.failures
