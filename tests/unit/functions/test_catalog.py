"""The catalog answers for the fleet; tested as it is deployed, from the files of its package."""

import importlib.util
import json
import re
import shutil
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOURCE = Path(__file__).parents[3] / "functions" / "catalog"
MODELS = [
    {
        "name": "iris",
        "description": "Species of <b>iris</b> </script>.",
        "task": "tabular_classification",
        "version": "3",
        "digest": "0" * 64,
        "metrics": {"accuracy": 0.96},
        "example": {
            "operation": "predict",
            "media_type": "application/json",
            "body": {"instances": [[5.1, 3.5, 1.4, 0.2]]},
        },
    }
]


@dataclass
class Context:
    """What Lambda tells a handler of itself."""

    aws_request_id: str = "request-1"
    function_name: str = "catalog"
    function_version: str = "1"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:catalog"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def document(self) -> Any:
        return json.loads(self.body)


Ask = Callable[[str, str], Reply]


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The handler of a package that knows one model."""
    package = tmp_path_factory.mktemp("package")
    for name in ("handler.py", "playground.html"):
        shutil.copy(SOURCE / name, package)
    catalog = {"version": "1.2.3", "models": MODELS}
    (package / "catalog.json").write_text(json.dumps(catalog))
    spec = importlib.util.spec_from_file_location("catalog_handler", package / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ask(module: ModuleType) -> Ask:
    """Send a request as API Gateway would."""

    def send(method: str, path: str) -> Reply:
        event = {
            "httpMethod": method,
            "path": path,
            "resource": "/{proxy+}",
            "headers": {},
            "multiValueHeaders": {},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "requestContext": {"requestId": "gateway-1", "stage": "live"},
            "body": None,
            "isBase64Encoded": False,
        }
        answer = json.loads(json.dumps(module.handler(event, Context())))
        headers = {name.lower(): values[0] for name, values in answer["multiValueHeaders"].items()}
        assert not answer["isBase64Encoded"]
        return Reply(answer["statusCode"], headers, answer["body"])

    return send


def test_server_says_what_it_is(ask: Ask) -> None:
    document = ask("GET", "/v2").document
    assert (document["name"], document["version"]) == ("flotilla", "1.2.3")
    assert document["extensions"] == [
        "binary_tensor_data",
        "classification",
        "model_configuration",
        "model_repository",
        "parameters",
    ]


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready"])
def test_it_is_healthy(ask: Ask, path: str) -> None:
    assert ask("GET", path).status == 200


def test_models_are_listed(ask: Ask) -> None:
    (model,) = ask("GET", "/v2/models").document["models"]
    assert model["name"] == "iris"
    assert model["versions"] == ["3"]
    assert model["ready"]


def test_the_repository_index_lists_every_model_with_its_state(ask: Ask) -> None:
    index = ask("POST", "/v2/repository/index").document
    assert index == [{"name": "iris", "version": "3", "state": "READY", "reason": ""}]


def test_openai_gets_its_own_list(ask: Ask) -> None:
    document = ask("GET", "/v1/models").document
    assert document["object"] == "list"
    [model] = document["data"]
    assert (model["id"], model["object"]) == ("iris", "model")


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "part"),
    [
        ("GET", "/nowhere", 404, "not_found", "no route /nowhere, see GET / and GET /v2/models"),
        ("POST", "/v1/models/iiris/predict", 404, "not_found", "'iiris' is unknown, expected one"),
        ("GET", "/v1/models/iris/x", 404, "not_found", "expected POST /v1/models/iris/predict"),
        ("POST", "/", 405, "method_not_allowed", "/ takes GET, not POST"),
    ],
)
def test_refusals_name_what_there_is(
    ask: Ask, method: str, path: str, status: int, code: str, part: str
) -> None:
    reply = ask(method, path)
    error = reply.document["error"]
    assert (reply.status, error["code"], error["id"]) == (status, code, "request-1")
    assert part in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "part"),
    [
        ("POST", "/v2/models/iiris/infer", 404, "expected one of ['iris']"),
        ("GET", "/v2/nowhere", 404, "no route /v2/nowhere"),
        ("DELETE", "/v2/models", 405, "/v2/models takes GET, not DELETE"),
        ("POST", "/v2/health/live", 405, "takes GET"),
        ("GET", "/v2/repository/index", 405, "/v2/repository/index takes POST, not GET"),
        ("POST", "/v2/repository/models/iris/load", 405, "'iris' cannot be loaded: deploy"),
    ],
)
def test_refusals_below_v2_speak_its_protocol(
    ask: Ask, method: str, path: str, status: int, part: str
) -> None:
    reply = ask(method, path)
    assert reply.status == status
    assert part in reply.document["error"]


def test_a_bug_tells_its_id_and_nothing_else(
    ask: Ask, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MODELS", None)
    reply = ask("GET", "/v2/models")
    assert reply.status == 500
    assert reply.document == {"error": "internal error, please report id request-1"}


def test_every_request_leaves_one_line(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    ask("GET", "/nowhere")
    (line,) = (vars(record) for record in caplog.records)
    assert (line["route"], line["status"]) == ("/nowhere", 404)


def test_playground_carries_the_models_and_loads_nothing(ask: Ask) -> None:
    page = ask("GET", "/").body
    data = re.search(r'<script type="application/json" id="catalog">(.*?)</script>', page)
    assert data
    assert json.loads(data[1]) == MODELS
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert "://" not in page


def test_playground_runs_its_own_script_only(ask: Ask) -> None:
    reply = ask("GET", "/")
    policy = dict(
        part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    for what, tag in (("script-src", "script"), ("style-src", "style")):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", reply.body, re.DOTALL)
        digest = b64encode(sha256(source.encode()).digest()).decode()
        assert policy[what] == f"'sha256-{digest}'"
    assert not re.findall(r'\son\w+="|\sstyle="', reply.body)
