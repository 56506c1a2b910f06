"""SHA-256 by either implementation."""

import hashlib

import pytest

from serving import digests


@pytest.mark.parametrize("size", [0, 1, 1_999_999, 2_000_000, 2_000_001])
def test_a_digest_does_not_depend_on_the_implementation(size: int) -> None:
    content = bytes(size)
    assert digests.sha256(content) == hashlib.sha256(content).hexdigest()
    assert digests.sha256(memoryview(content)) == digests.sha256(content)
