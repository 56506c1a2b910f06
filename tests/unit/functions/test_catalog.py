"""The catalog answers for the fleet; tested as it is deployed, from the files of its package."""

import gzip
import importlib.util
import json
import shutil
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

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
    }
]

# path -> what is served there
FILES = {
    "/": "<!doctype html>",
    "/docs": "<!doctype html><title>API</title>",
    "/openapi.json": "{}",
    "/assets/0123/app.js": "export {};",
}
_NAMES = {"/": "index.html", "/docs": "docs.html"}


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


class Ask(Protocol):
    """Send a request as API Gateway would; `address` is its path with the stage's name."""

    def __call__(self, method: str, path: str, address: str = "") -> Reply: ...


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The handler of a package that knows one model."""
    package = tmp_path_factory.mktemp("package")
    shutil.copy(SOURCE / "handler.py", package)
    for path, body in FILES.items():
        file = package / "static" / f"{_NAMES.get(path, path[1:])}.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(body.encode()))
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

    def send(method: str, path: str, address: str = "") -> Reply:
        event = {
            "httpMethod": method,
            "path": path,
            "resource": "/{proxy+}",
            "headers": {},
            "multiValueHeaders": {},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "requestContext": {
                "requestId": "gateway-1",
                "stage": "live",
                "path": address or f"/live{path}",
            },
            "body": None,
            "isBase64Encoded": False,
        }
        answer = json.loads(json.dumps(module.handler(event, Context())))
        headers = {name.lower(): values[0] for name, values in answer["multiValueHeaders"].items()}
        body = answer.get("body") or ""
        text = b64decode(body).decode() if answer["isBase64Encoded"] else body
        return Reply(answer["statusCode"], headers, text)

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


@pytest.mark.parametrize(
    ("path", "where"), [("/docs/", "../docs"), ("/openapi.json/", "../openapi.json")]
)
def test_a_page_asked_for_with_a_slash_is_where_its_links_work(
    ask: Ask, path: str, where: str
) -> None:
    reply = ask("GET", path)
    assert (reply.status, reply.headers["location"]) == (308, where)


@pytest.mark.parametrize("below", ["", "/v1/models", "/v1/models/iris"])
def test_what_is_not_there_is_named_in_short(ask: Ask, below: str) -> None:
    reply = ask("GET", f"{below}/{'a' * 7000}")
    assert reply.status == 404
    assert len(reply.body) < 300


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
        (
            "POST",
            "/v2/repository/models/iris/feed",
            404,
            "no route /v2/repository/models/iris/feed",
        ),
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


def test_pages_are_served_with_what_they_load(ask: Ask) -> None:
    for path, body in FILES.items():
        reply = ask("GET", path)
        assert (reply.status, reply.body) == (200, body), path


def test_a_stage_without_a_slash_leads_to_the_one_with_it(ask: Ask) -> None:
    reply = ask("GET", "/", address="/live")
    assert (reply.status, reply.headers["location"]) == (308, "live/")


def test_a_page_takes_get(ask: Ask) -> None:
    reply = ask("DELETE", "/docs")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, OPTIONS")
