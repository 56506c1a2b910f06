"""`flotilla up`, as its user sees it: what it prints, what it writes, how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from threading import Thread
from typing import IO

import boto3
import pytest

from infra import package
from infra.local.code import REGION
from infra.local.up import STATE, UpError, run
from serving import keys, lock
from serving.errors import FolderError
from tests.integration.fleet import ROOT, released

SCRIPT = "import sys, pathlib; from infra.local import up; up.run(pathlib.Path(sys.argv[1]), 0)"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """This repository with a build folder of its own, of which the packages are shared."""
    for room in ("functions", "layers", "training"):
        (tmp_path / room).symlink_to(ROOT / room)
    (ROOT / "build" / "local").mkdir(parents=True, exist_ok=True)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "local").symlink_to(ROOT / "build" / "local")
    return tmp_path


@contextmanager
def up(root: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`flotilla up` in a process of its own, with what it printed until it was up."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SCRIPT, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout:
        try:
            yield process, "".join(_until_ready(process.stdout))
        finally:
            process.kill()


def _until_ready(output: IO[str]) -> Iterator[str]:
    for line in output:
        yield line
        if line.startswith("Ctrl-C"):
            return


def ask(state: dict[str, str], path: str) -> int:
    """The status that the cloud in this state answers with."""
    return _answer(state, path)[0]


def listed(state: dict[str, str]) -> list[str]:
    """The models that the cloud in this state says it has."""
    return [model["name"] for model in json.loads(_answer(state, "/v2/models")[1])["models"]]


def _answer(state: dict[str, str], path: str) -> tuple[int, bytes]:
    request = urllib.request.Request(  # noqa: S310 - our own address
        state["url"] + path, headers={"x-api-key": state["api_key"]}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        return int(answer.status), answer.read()


def test_up_serves_says_where_and_leaves_nothing(root: Path) -> None:
    with up(root) as (process, printed):
        state = json.loads((root / STATE).read_bytes())
        assert state["pid"] == process.pid
        assert f"{state['url']}/#key={state['api_key']}" in printed
        assert all(f"  {model.name} " in printed for model in released(root))
        assert ask(state, "/") == 200
        with pytest.raises(UpError, match=f"running already, at {state['url']}"):
            run(root, 0)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert not (root / STATE).exists()
    assert sorted(path.name for path in (root / "build").iterdir()) == [
        "compiled",
        "local",
        "logs",
        "up",
    ]
    with pytest.raises(OSError, match="refused"):
        ask(state, "/")


def test_up_stops_even_when_the_signals_exception_is_swallowed(root: Path) -> None:
    """As happens in the midst of an import, where `except:` and destructors are many."""

    def careless(_: str) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except BaseException:
            return

    before = signal.getsignal(signal.SIGTERM)
    run(root, 0, careless)
    assert not (root / STATE).exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_requests_are_answered_though_nobody_can_be_told(root: Path) -> None:
    told: list[str] = []
    statuses: list[int] = []

    def ask_and_stop() -> None:
        try:
            statuses.append(ask(json.loads((root / STATE).read_bytes()), "/"))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def echo(line: str) -> None:
        if told:
            raise OSError(ENOSPC, "No space left on device")
        told.append(line)
        Thread(target=ask_and_stop).start()

    run(root, 0, echo)
    assert statuses == [200]


def test_what_a_killed_cloud_said_of_itself_is_not_told_while_the_next_one_starts(
    root: Path,
) -> None:
    (root / STATE).write_text('{"url": "http://127.0.0.1:1", "pid": 1}')
    (root / "functions").unlink()
    (root / "functions" / "bad").mkdir(parents=True)
    (root / "functions" / "bad" / "model.toml").write_text("task = 1\n")  # so it never comes up
    with pytest.raises(FolderError):
        run(root, 0)
    assert not (root / STATE).exists()


def test_up_seeds_the_artifacts_and_survives_being_killed_before(root: Path) -> None:
    with up(root) as (process, _):
        process.kill()
    with up(root) as (process, _):
        state = json.loads((root / STATE).read_bytes())
        served = released(root)
        assert ask(state, f"/v2/models/{served[0].name}/ready") == 200
        expected = {keys.version(model.name, lock.read(model.path).version) for model in served}
        until = time.monotonic() + 30
        while versions(state) != expected and time.monotonic() < until:
            time.sleep(0.05)
        assert versions(state) == expected
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert not (root / STATE).exists()


def test_up_serves_what_it_was_started_with_whatever_is_built_beside_it(tmp_path: Path) -> None:
    for room in ("layers", "training"):
        (tmp_path / room).symlink_to(ROOT / room)
    folders = tmp_path / "functions"
    folders.mkdir()
    for service in (path for path in (ROOT / "functions").iterdir() if path.is_dir()):
        if not (service / "model.toml").exists():
            (folders / service.name).symlink_to(service)
    (folders / "linear_demo").symlink_to(ROOT / "functions" / "linear_demo")
    with up(tmp_path):
        state = json.loads((tmp_path / STATE).read_bytes())
        (folders / "linear_demo").unlink()
        (folders / "iris").symlink_to(ROOT / "functions" / "iris")
        built = package.build("local", tmp_path)
        assert "iris" in {made.name for made in built.functions}
        assert listed(state) == ["linear_demo"]
        assert ask(state, "/v2/models/linear_demo/ready") == 200


def versions(state: dict[str, str]) -> set[str]:
    """The published versions that the artifacts bucket knows."""
    s3 = boto3.client(
        "s3",
        endpoint_url=state["s3_endpoint"],
        region_name=REGION,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    found = s3.list_objects_v2(Bucket=state["artifacts_bucket"], Prefix="versions/")
    return {entry["Key"] for entry in found.get("Contents", [])}
