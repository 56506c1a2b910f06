"""Coming and going: nothing of a cloud survives it, however it ends."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.cloud import CloudError, LocalCloud
from infra.local.deployment import DeploymentError
from tests.integration import tiny

# Brings up the cloud of `folder` with an idle sandbox and a busy one, says so, waits to be ended.
SCRIPT = """
import json, signal, sys, time
from pathlib import Path
from infra.local.cloud import LocalCloud
from tests.integration import tiny
folder = Path(sys.argv[1])
with LocalCloud.start(tiny.template(), folder / "build", logs=folder / "logs") as cloud:
    cloud.invoke("strict", {})
    cloud.invoke("obedient", {})
    order = json.dumps({"op": "sleep", "s": 19})
    cloud.client("lambda").invoke(
        FunctionName="obedient", Qualifier="live", InvocationType="Event", Payload=order
    )
    time.sleep(0.3)
    print(cloud.url, flush=True)
    signal.pause()
"""


def scratch_folders(owner: int) -> list[Path]:
    """What a process has in the machine's folder for temporary files."""
    return list(Path(tempfile.gettempdir()).glob(f"flotilla-{owner}-*"))


def wait_until(holds: Callable[[], bool], timeout_s: float = 10) -> bool:
    """Whether it holds, sooner or later."""
    until = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_killed_cloud_leaves_no_process_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    tiny.packages(tmp_path / "build")
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline().startswith("http://")
    started = descendants(process.pid)
    assert len(started) == 3, "moto and two sandboxes"
    process.kill()
    process.wait()
    assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
    with LocalCloud.start(tiny.template(), tmp_path / "build", logs=tmp_path / "logs") as cloud:
        assert scratch_folders(process.pid) == []
        assert cloud.invoke("strict", {})["version"] == "1"


def descendants(process: int) -> set[int]:
    """The processes that a process has started."""
    found = set()
    for task in Path(f"/proc/{process}/task").iterdir():
        found |= {int(child) for child in (task / "children").read_text().split()}
    return found


def test_closed_cloud_leaves_nothing_and_does_not_wait_for_requests(tmp_path: Path) -> None:
    before = scratch_folders(os.getpid())
    with ThreadPoolExecutor() as pool, tiny.running(tmp_path) as cloud:
        idle = cloud.invoke("strict", {})["pid"]
        call = pool.submit(cloud.http, "POST", "/open", tiny.order(op="sleep", s=19))
        assert wait_until(lambda: cloud.sandboxes("obedient") == 1)
        time.sleep(0.5)
        started = time.monotonic()
        cloud.close()
        assert time.monotonic() - started < 5
        assert call.result().status == 502
    assert not Path(f"/proc/{idle}").exists()
    assert scratch_folders(os.getpid()) == before
    with pytest.raises(ConnectionRefusedError):
        cloud.http("GET", "/open")


def test_taken_port_is_told(tiny_cloud: LocalCloud, tmp_path: Path) -> None:
    port = int(tiny_cloud.url.rpartition(":")[2])
    with pytest.raises(
        CloudError, match=rf"port {port} is not to be had \(Address already in use\): .* in PORT"
    ):
        LocalCloud.start(tiny.template(), tmp_path, port=port)


def test_missing_package_is_told(tmp_path: Path) -> None:
    before = scratch_folders(os.getpid())
    build = tiny.packages(tmp_path / "build")
    (build / "functions" / "strict" / "handler.py").unlink()
    (build / "functions" / "strict").rmdir()
    with pytest.raises(DeploymentError, match=r"functions/strict is missing: run `flotilla build"):
        LocalCloud.start(tiny.template(), build)
    assert scratch_folders(os.getpid()) == before
