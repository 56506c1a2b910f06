"""The thread that a local cloud serves in: what it fails with is told to whoever starts it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infra.local.cloud import _Served


@asynccontextmanager
async def _failing() -> AsyncIterator[None]:
    raise OSError("no")
    yield


def test_one_that_never_served_can_be_stopped() -> None:
    served = _Served(_failing)
    with pytest.raises(OSError, match="no"):
        served.wait()
    served.stop()
    served.stop()  # by now its event loop is closed for certain
