"""What a confined child cannot do, and what becomes of one that tries."""

import errno
import shutil
import subprocess

import pytest

from serving.types import Json
from training.release import sandbox
from training.release.sandbox import SandboxError


def attempt(what: str, limit_s: float = 20) -> Json:
    return sandbox.run("tests.unit.training.confined", [what], limit_s)


def may_unshare() -> bool:
    """Whether an unprivileged process may leave the network, asked of the system's own tool."""
    tool = shutil.which("unshare")
    return tool is not None and subprocess.run([tool, "-rn", "true"]).returncode == 0


def test_nothing_of_the_environment_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"}.isdisjoint(attempt("environment"))


def test_files_cannot_be_written() -> None:
    with pytest.raises(SandboxError, match="File too large"):
        attempt("write")


@pytest.mark.skipif(not may_unshare(), reason="this kernel keeps namespaces from us")
def test_network_is_away() -> None:
    assert attempt("connect") == errno.ENETUNREACH


def test_memory_is_limited() -> None:
    with pytest.raises(SandboxError, match="MemoryError"):
        attempt("allocate")


def test_crash_names_the_signal() -> None:
    with pytest.raises(SandboxError, match="it was ended by SIGABRT: it said nothing"):
        attempt("crash")


def test_child_that_hangs_is_killed() -> None:
    with pytest.raises(SandboxError, match=r"no answer after 0\.5 s, it was killed"):
        attempt("hang", limit_s=0.5)
