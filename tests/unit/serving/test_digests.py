"""SHA-256 by either implementation."""

import hashlib
from pathlib import Path

import pytest

from serving import digests


@pytest.mark.parametrize("size", [0, 1, 1_999_999, 2_000_000, 2_000_001])
def test_a_digest_does_not_depend_on_the_implementation(size: int, tmp_path: Path) -> None:
    content = bytes(size)
    assert digests.sha256(content) == hashlib.sha256(content).hexdigest()
    assert digests.sha256(memoryview(content)) == digests.sha256(content)
    (tmp_path / "file").write_bytes(content)
    assert digests.sha256_of_file(tmp_path / "file", size) == digests.sha256(content)
