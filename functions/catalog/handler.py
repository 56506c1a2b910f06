"""The service that answers for the fleet as a whole: playground, health, the list of models.

What it says of the models is in `catalog.json`, which the build renders into its package.
"""

import json
import os
import re
from base64 import b64encode
from http import HTTPStatus
from pathlib import Path

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.catalog import pages
from serving import http
from serving.errors import MethodNotAllowed, NotFound, ServingError
from serving.types import JsonObject

_ROOT = Path(__file__).parent
_CATALOG: JsonObject = json.loads((_ROOT / "catalog.json").read_bytes())
_MODELS: dict[str, JsonObject] = {model["name"]: model for model in _CATALOG["models"]}
# Extensions of the Open Inference Protocol, by the names that Triton gave them.
_EXTENSIONS = [
    "binary_tensor_data",
    "classification",
    "model_configuration",
    "model_repository",
    "parameters",
]
# The paths answered here, and what each takes.
_OWN_PATHS = {
    "": "GET",
    "/v1/models": "GET",
    "/v2": "GET",
    "/v2/health/live": "GET",
    "/v2/health/ready": "GET",
    "/v2/models": "GET",
    "/v2/repository/index": "POST",
}
_PAGES = pages.find(_ROOT / "static")
_LONGEST = 100  # of what is not there, as it is named to whoever asked
_MODEL_PATH = re.compile(r"/v[12]/models/([^/]+)(/.*)?")

logger = Logger()
tracer = Tracer(disabled=os.environ.get("FLOTILLA_TRACING") != "true")
app = APIGatewayRestResolver(
    cors=CORSConfig(allow_headers=["authorization", "content-type", "x-api-key"], max_age=86_400)
)


@app.get("/v2")
def server() -> Response[str]:
    """Say what this server is, as the Open Inference Protocol asks."""
    facts = {"name": "flotilla", "version": _CATALOG["version"], "extensions": _EXTENSIONS}
    return _wrap(http.reply(facts))


@app.get("/v2/health/live")
@app.get("/v2/health/ready")
def health() -> Response[str]:
    """Say that we are here; clients go by the status, servers differ in the keys."""
    return _wrap(http.reply({"live": True, "ready": True}))


@app.get("/v2/models")
def models() -> Response[str]:
    """List the models; each says more of itself at its own address."""
    listed = [
        {"name": name, "versions": [model["version"]], "ready": True, "task": model["task"]}
        for name, model in _MODELS.items()
    ]
    return _wrap(http.reply({"models": listed}))


@app.get("/v1/models")
def openai_models() -> Response[str]:
    """List the models as OpenAI does; when they were made is not recorded."""
    listed = [
        {"id": name, "object": "model", "created": 0, "owned_by": "flotilla"} for name in _MODELS
    ]
    return _wrap(http.reply({"object": "list", "data": listed}))


@app.post("/v2/repository/index")
def repository() -> Response[str]:
    """List the models as Triton's model repository extension does; all there are, are ready."""
    listed = [
        {"name": name, "version": model["version"], "state": "READY", "reason": ""}
        for name, model in _MODELS.items()
    ]
    return _wrap(http.reply(listed))


@app.post("/v2/repository/models/<name>/<change>")
def load(name: str, change: str) -> Response[str]:
    """Refuse to load and unload: what is served is what is deployed."""
    if change not in ("load", "unload"):
        return _fail(_refusal("POST", app.current_event.path))
    return _fail(MethodNotAllowed(f"model '{name}' cannot be {change}ed: deploy models instead"))


def page() -> Response[str]:
    """Serve a file of the package: a page, or what it loads."""
    event = app.current_event
    if not event.request_context.path.endswith("/") and event.path == "/":
        # Of a stage without a slash the page could not tell what its links are relative to.
        stage = event.request_context.path.rpartition("/")[2]
        return Response(HTTPStatus.PERMANENT_REDIRECT, headers={"Location": f"{stage}/"})
    if event.path != "/" and event.path.endswith("/"):
        # Below a slash its links would lead elsewhere.
        name = event.path.rstrip("/").rpartition("/")[2]
        return Response(HTTPStatus.PERMANENT_REDIRECT, headers={"Location": f"../{name}"})
    headers = {name.lower(): value for name, value in event.headers.items()}
    reply = pages.answer(event.path, _PAGES[event.path], headers)
    answer = Response(reply.status, reply.media_type, b64encode(reply.body).decode(), reply.headers)
    answer.base64_encoded = True  # of bytes Powertools does it itself, unless they are JSON
    return answer


for _path in _PAGES:
    app.get(_path)(page)


@app.not_found
def refuse(_: Exception) -> Response[str]:
    """Answer whatever nobody else answers, naming what there is."""
    return _fail(_refusal(app.current_event.http_method, app.current_event.path))


def report(error: Exception) -> Response[str]:
    """Log a bug; the caller gets its id."""
    logger.exception("bug")
    return _fail(error)


app.exception_handler(Exception)(report)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: JsonObject, context: LambdaContext) -> JsonObject:
    """The Lambda handler."""
    answer = app.resolve(event, context)
    logger.info("request", route=event["path"], status=answer["statusCode"])
    return answer


def _refusal(method: str, path: str) -> ServingError:
    if takes := _OWN_PATHS.get(path.rstrip("/"), "GET" if path in _PAGES else None):
        return MethodNotAllowed.of(method, path, takes)
    match = _MODEL_PATH.fullmatch(path)
    if match and match[1] not in _MODELS:
        return NotFound(
            f"model '{match[1][:_LONGEST]}' is unknown, expected one of {sorted(_MODELS)}"
        )
    if match:
        return NotFound(f"no route {path[:_LONGEST]}, expected POST /v1/models/{match[1]}/predict")
    return NotFound(f"no route {path[:_LONGEST]}, see GET / and GET /v2/models")


def _fail(error: Exception) -> Response[str]:
    request_id = app.lambda_context.aws_request_id
    return _wrap(http.error_reply(error, app.current_event.path, request_id))


def _wrap(response: http.Response) -> Response[str]:
    return Response(response.status, response.media_type, response.body.decode(), response.headers)
