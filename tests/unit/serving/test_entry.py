"""The entry point as Lambda starts it: in a process of its own, from a package folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving import artifact
from serving.lock import Lock, render
from tests import artifacts

ENVIRONMENT = {
    "FLOTILLA_MODEL": "tiny",
    "FLOTILLA_ARTIFACTS_BUCKET": "artifacts",
    "FLOTILLA_RESULTS_BUCKET": "results",
    "FLOTILLA_JOBS_FUNCTION": "jobs",
    "POWERTOOLS_METRICS_NAMESPACE": "Flotilla",
    "POWERTOOLS_SERVICE_NAME": "tiny",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_DEFAULT_REGION": "us-east-1",
}

ANSWER_ONE = """
import json, sys
from serving.entry import handler
class Context:
    aws_request_id = "1"; function_name = "f"; memory_limit_in_mb = "512"
    invoked_function_arn = "arn"
    def get_remaining_time_in_millis(self): return 28000
event = {"httpMethod": "POST", "path": "/v1/models/tiny/predict",
         "headers": {}, "body": json.dumps({"instances": [[1, 2, 3]]})}
reply = handler(event, Context())
print(json.dumps([reply["statusCode"], sorted(sys.modules)]))
"""

# What a tabular model must not have loaded by its first answer, for what it costs a cold start.
TOO_DEAR = [
    "boto3",
    "botocore",
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "pydantic",
    "PIL",
    "tokenizers.tokenizers",
    "numpy.lib._npyio_impl",
    "numpy.linalg",
    "numpy._typing",
    "onnxruntime.capi.onnxruntime_inference_collection",
    "hashlib",
    "tempfile",
    *(["platform"] if sys.version_info >= (3, 12) else []),  # before, orjson's `uuid` loads it
    "csv",
    "concurrent.futures",
    "asyncio",
    "urllib.request",
    "tomllib",
    "importlib.metadata",
]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = artifacts.classifier(tmp_path / "artifact")
    digest = artifact.load(folder).digest
    (tmp_path / "artifact.lock").write_text(render(Lock(4, digest, 1, {})))
    return tmp_path


def start(package: Path, code: str, measured: bool = True) -> subprocess.CompletedProcess[str]:
    serving = Path(artifact.__file__).parents[1]
    inherited = {name: os.environ[name] for name in os.environ if measured or "COV" not in name}
    environment = {
        **inherited,
        **ENVIRONMENT,
        "PYTHONPATH": str(serving),
        "LAMBDA_TASK_ROOT": str(package),
    }
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_first_answer_loads_nothing_dear(package: Path) -> None:
    run = start(package, ANSWER_ONE, measured=False)
    assert run.returncode == 0, run.stderr
    status, modules = json.loads(run.stdout.splitlines()[-1])
    assert status == 200
    assert [name for name in TOO_DEAR if name in modules] == []


def test_telemetry_of_onnxruntime_is_off_before_its_import(package: Path) -> None:
    code = "import os; from serving import entry; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert start(package, code).stdout.strip() == "1"


def test_a_restored_snapshot_answers_cold_and_with_fresh_clients(package: Path) -> None:
    code = """
import os
os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"
from serving.entry import handler
import snapshot_restore_py as hooks
jobs, door = handler.hand_over.connect, handler.open_uploads()
held = jobs()
for hook, arguments, named in hooks.get_before_snapshot() + hooks.get_after_restore():
    hook(*arguments, **named)
print(handler.telemetry.cold, handler.open_uploads() is door, jobs() is held)
"""
    run = start(package, code)
    assert run.stdout.strip() == "True False False", run.stderr


def test_a_model_is_traced_when_its_facts_say_so(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from serving.entry import handler; print(type(handler.router).__name__)"
    assert start(package, code).stdout.strip() == "Router"
    monkeypatch.setitem(ENVIRONMENT, "FLOTILLA_TRACING", "true")
    assert start(package, code).stdout.strip() == "TracedRouter"


def test_the_upload_door_opens_on_demand(package: Path) -> None:
    code = "from serving.entry import handler; print(type(handler.open_uploads()).__name__)"
    assert start(package, code).stdout.strip() == "Uploads"


def test_a_tampered_package_does_not_start(package: Path) -> None:
    (package / "artifact" / "model.onnx").write_bytes(b"other")
    run = start(package, "import serving.entry")
    assert run.returncode != 0
    assert "has SHA-256" in run.stderr
    assert "onnxruntime cannot load" not in run.stderr
