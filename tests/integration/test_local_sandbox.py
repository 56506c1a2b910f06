"""What a function is given and what is kept from it: processes, memory, files, time."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.integration import tiny
from tests.integration.tiny import order

TMP = "/tmp"  # noqa: S108 - the sandbox's, not ours
needs_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux lets a process confine itself"
)


def at_once(cloud: LocalCloud, count: int, **what: Any) -> list[Any]:
    """So many orders to the function `strict` at the same time, directly."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: cloud.invoke("strict", what), range(count)))


def wait_until_gone(process: int) -> None:
    """Wait for the end of a process that is not ours."""
    until = time.monotonic() + 5
    while Path(f"/proc/{process}").exists() and time.monotonic() < until:
        time.sleep(0.01)


def test_one_sandbox_answers_one_request_after_the_other(tiny_cloud: LocalCloud) -> None:
    assert len({tiny_cloud.invoke("strict", {})["pid"] for _ in range(5)}) == 1


def test_requests_at_once_get_a_sandbox_each(tiny_cloud: LocalCloud) -> None:
    answers = at_once(tiny_cloud, tiny.CONCURRENCY, op="sleep", s=0.3)
    assert len({answer["pid"] for answer in answers}) == tiny.CONCURRENCY


def test_requests_beyond_the_concurrency_are_throttled(tiny_cloud: LocalCloud) -> None:
    answers = at_once(tiny_cloud, tiny.CONCURRENCY + 2, op="sleep", s=0.5)
    refused = [answer for answer in answers if "pid" not in answer]
    assert len(refused) == 2
    assert refused[0]["Message"].startswith("strict has 3 requests in hand")


def test_throttled_function_is_a_500_at_the_gateway(tiny_cloud: LocalCloud) -> None:
    def call(_: int) -> int:
        return tiny_cloud.http("POST", "/strict", order(op="sleep", s=0.5)).status

    with ThreadPoolExecutor() as pool:
        found = sorted(pool.map(call, range(tiny.CONCURRENCY + 1)))
    assert found == [*[200] * tiny.CONCURRENCY, 500]


def test_function_finds_lambdas_environment(tiny_cloud: LocalCloud) -> None:
    found = tiny_cloud.invoke("obedient", {"op": "environment"})
    assert found["COLOUR"] == "green"
    assert found["BUCKET"] == tiny_cloud.uploads_bucket
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == "obedient"
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert found["AWS_ENDPOINT_URL"] == tiny_cloud.s3_endpoint
    assert found["LAMBDA_TASK_ROOT"].endswith("functions/obedient")
    assert found["TZ"] == ":UTC"
    assert "HOME" not in found
    assert "VIRTUAL_ENV" not in found


def test_function_imports_package_layers_and_runtime_only(tiny_cloud: LocalCloud) -> None:
    names = ["handler", "from_a_layer", "boto3", "awslambdaric", "moto", "aiohttp", "pytest"]
    found = tiny_cloud.invoke("obedient", {"op": "importable", "names": names})
    assert found == ["handler", "from_a_layer", "boto3", "awslambdaric"]


def test_context_tells_request_time_and_caller(tiny_cloud: LocalCloud) -> None:
    answer = tiny_cloud.invoke("strict", {"x": 1})
    assert answer["order"] == {"x": 1}
    assert answer["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:strict:live"
    assert answer["version"] == "1"
    assert len(answer["request_id"]) == 36
    assert 0 < answer["left_ms"] <= tiny.TIMEOUT_S * 1000


def test_timeout_is_told_and_the_next_request_gets_another_process(tiny_cloud: LocalCloud) -> None:
    before = tiny_cloud.invoke("strict", {})["pid"]
    answer = tiny_cloud.invoke("strict", {"op": "sleep", "s": 30})
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert not Path(f"/proc/{before}").exists()
    assert tiny_cloud.invoke("strict", {})["pid"] != before


def test_timeout_is_a_502_at_the_gateway(tiny_cloud: LocalCloud) -> None:
    assert tiny_cloud.http("POST", "/strict", order(op="sleep", s=30)).status == 502
    assert tiny_cloud.http("POST", "/strict", order(op="noted")).status == 200


@pytest.mark.parametrize(
    ("op", "told"), [("crash", "exit status 3"), ("segfault", "signal: SIGSEGV")]
)
def test_crash_is_told_to_its_caller_only(tiny_cloud: LocalCloud, op: str, told: str) -> None:
    answer = tiny_cloud.invoke("strict", {"op": op})
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith(told)
    assert tiny_cloud.http("POST", "/strict", order(op=op)).status == 502
    assert tiny_cloud.http("POST", "/strict", order(op="noted")).status == 200


def test_dead_sandbox_is_counted_no_more(tiny_cloud: LocalCloud, spare: str) -> None:
    tiny_cloud.invoke(spare, {})
    assert tiny_cloud.sandboxes(spare) == 1
    tiny_cloud.invoke(spare, {"op": "crash"})
    assert tiny_cloud.sandboxes(spare) == 0


def test_sandbox_killed_in_a_request_costs_its_caller_a_502(tiny_cloud: LocalCloud) -> None:
    process = tiny_cloud.invoke("strict", {})["pid"]
    with ThreadPoolExecutor() as pool:
        call = pool.submit(tiny_cloud.http, "POST", "/strict", order(op="sleep", s=0.9))
        time.sleep(0.2)
        os.kill(process, signal.SIGKILL)
        assert call.result().status == 502
    assert tiny_cloud.http("POST", "/strict", order(op="noted")).status == 200


def test_sandbox_killed_while_idle_costs_nobody_anything(tiny_cloud: LocalCloud) -> None:
    process = tiny_cloud.invoke("strict", {})["pid"]
    os.kill(process, signal.SIGKILL)
    wait_until_gone(process)
    assert tiny_cloud.invoke("strict", {})["pid"] != process


def test_error_of_the_handler_is_told_and_the_process_stays(tiny_cloud: LocalCloud) -> None:
    before = tiny_cloud.invoke("strict", {})["pid"]
    answer = tiny_cloud.invoke("strict", {"op": "raise", "message": "no such thing"})
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no such thing")
    assert answer["stackTrace"]
    assert tiny_cloud.invoke("strict", {})["pid"] == before


def test_error_in_init_is_told(tiny_cloud: LocalCloud) -> None:
    answer = tiny_cloud.invoke("broken", {})
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'nowhere'" in answer["errorMessage"]
    assert tiny_cloud.http("GET", "/broken").status == 502


@needs_linux
def test_memory_is_limited(tiny_cloud: LocalCloud) -> None:
    small = tiny_cloud.invoke("strict", {"op": "allocate", "mb": 20})
    assert small == {"bytes": 20 * 1024 * 1024}
    large = tiny_cloud.invoke("strict", {"op": "allocate", "mb": tiny.MEMORY_MB})
    assert large["errorType"] == "MemoryError"


@pytest.fixture(scope="module")
def other_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud that makes do without mount namespaces, and is impatient with idle sandboxes."""
    folder = tmp_path_factory.mktemp("other")
    confinement = "landlock" if sys.platform == "linux" else "auto"
    with tiny.running(folder, confinement=confinement, idle_s=0.3) as cloud:
        yield cloud


@needs_linux
@pytest.mark.parametrize("which", ["tiny_cloud", "other_cloud"])
def test_function_cannot_write_to_its_code_or_elsewhere(
    request: pytest.FixtureRequest, which: str
) -> None:
    cloud = request.getfixturevalue(which)
    paths = ["~/handler.py", "~/new.py", f"/var{TMP}/new.txt", "/dev/shm/new.txt"]  # noqa: S108 - refused
    answer = cloud.invoke("strict", {"op": "write", "paths": paths})
    assert set(answer.values()) <= {"Read-only file system", "Permission denied"}
    assert cloud.invoke("strict", {"op": "write", "paths": ["/dev/null"]}) == {"/dev/null": None}


@needs_linux
def test_each_sandbox_has_a_tmp_of_its_own(tiny_cloud: LocalCloud) -> None:
    mark = f"mark-{os.getpid()}"
    assert tiny_cloud.invoke("strict", {"op": "write", "paths": [f"{TMP}/{mark}"]}) == {
        f"{TMP}/{mark}": None
    }
    assert mark in tiny_cloud.invoke("strict", {"op": "list", "path": TMP})
    assert not Path(TMP, mark).exists()
    tiny_cloud.invoke("strict", {"op": "crash"})
    assert mark not in tiny_cloud.invoke("strict", {"op": "list", "path": TMP})


@needs_linux
def test_tmp_is_as_large_as_the_template_says(tiny_cloud: LocalCloud) -> None:
    def write(name: str, mb: int) -> str | None:
        path = f"{TMP}/{name}"
        reason: str | None = tiny_cloud.invoke(
            "strict", {"op": "write", "paths": [path], "mb": mb}
        )[path]
        return reason

    assert write("most", tiny.TMP_MB - 4) is None
    assert write("rest", 8) == "No space left on device"
    tiny_cloud.invoke("strict", {"op": "crash"})
    assert write("rest", 8) is None


def test_idle_sandboxes_are_retired(other_cloud: LocalCloud) -> None:
    process = other_cloud.invoke("strict", {})["pid"]
    assert other_cloud.sandboxes("strict") == 1
    wait_until_gone(process)
    assert other_cloud.sandboxes("strict") == 0
    assert other_cloud.invoke("strict", {})["pid"] != process


@needs_linux
def test_a_full_disk_below_the_logs_keeps_no_request_from_its_answer(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "strict.log").symlink_to("/dev/full")
    with tiny.running(tmp_path) as cloud:
        assert len({cloud.invoke("strict", {})["pid"] for _ in range(3)}) == 1
        assert cloud.invoke("strict", {"op": "crash"})["errorType"] == "Runtime.ExitError"


def test_log_holds_what_the_function_prints_and_lambdas_report(
    tiny_cloud: LocalCloud, tiny_folder: Path, spare: str
) -> None:
    answer = tiny_cloud.invoke(spare, {"op": "raise", "message": "look at me"})
    request = answer["requestId"]
    log = (tiny_folder / "logs" / f"{spare}.log").read_text()
    assert f"START RequestId: {request} Version: 1\n" in log
    assert "[ERROR] ValueError: look at me" in log
    report = next(
        line for line in log.splitlines() if line.startswith(f"REPORT RequestId: {request}")
    )
    assert "Memory Size: 256 MB" in report
    assert "Init Duration: " in report


def test_hooks_run_where_snapstart_is_on_and_nowhere_else(
    tiny_cloud: LocalCloud, spare: str
) -> None:
    hooks = ["before the snapshot", "after a restore"]
    assert tiny_cloud.invoke("restored", {"op": "hooks"}) == hooks
    assert tiny_cloud.invoke(spare, {"op": "hooks"}) == []
