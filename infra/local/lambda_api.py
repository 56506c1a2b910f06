"""Lambda's own API, as far as a boto3 client needs it to invoke, publish and shift traffic.

Paths and shapes are those of the AWS Lambda API reference; the gateway serves them beside the
models' routes, so `boto3.client("lambda", endpoint_url=cloud.url)` works.
"""

import asyncio
import base64
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

from aiohttp import web

from infra.local.code import Code
from infra.local.function import LATEST, Alias, Function
from infra.local.invocation import PAYLOAD_BYTES, Call, Outcome
from infra.local.lambda_errors import LambdaError, document, invalid, missing, told
from infra.resources.blocks import Block

_FUNCTION = "/2015-03-31/functions/{name}"
_ALIAS = f"{_FUNCTION}/aliases/{{alias}}"


class LambdaApi:
    """The functions, managed the way AWS's clients manage them."""

    def __init__(self, functions: Mapping[str, Function], uploads: Path) -> None:
        """New code is unpacked below `uploads`."""
        self._functions = functions
        self._uploads = uploads
        self._events: set[asyncio.Task[Outcome]] = set()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the paths of Lambda's API."""
        router.add_get("/2015-03-31/functions{slash:/?}", told(self._list))
        for method, path, handler in (
            ("POST", f"{_FUNCTION}/invocations", self._invoke),
            ("GET", _FUNCTION, self._get),
            ("GET", f"{_FUNCTION}/configuration", self._configuration),
            ("PUT", f"{_FUNCTION}/configuration", self._update_configuration),
            ("PUT", f"{_FUNCTION}/code", self._update_code),
            ("GET", f"{_FUNCTION}/versions", self._versions),
            ("POST", f"{_FUNCTION}/versions", self._publish),
            ("GET", f"{_FUNCTION}/aliases", self._aliases),
            ("POST", f"{_FUNCTION}/aliases", self._put_alias),
            ("GET", _ALIAS, self._alias),
            ("PUT", _ALIAS, self._put_alias),
            ("DELETE", _ALIAS, self._delete_alias),
        ):
            router.add_route(method, path, told(handler))

    async def _invoke(self, request: web.Request) -> web.Response:
        function, qualifier = self._asked(request)
        payload = await request.read() or b"{}"
        _check_payload(payload)
        context = request.headers.get("X-Amz-Client-Context")
        call = Call(payload, client_context=context and base64.b64decode(context).decode())
        match request.headers.get("X-Amz-Invocation-Type", "RequestResponse"):
            case "Event":
                task = asyncio.create_task(function.invoke(call, qualifier))
                self._events.add(task)
                task.add_done_callback(self._events.discard)
                return web.Response(status=HTTPStatus.ACCEPTED)
            case "DryRun":
                function.resolve(qualifier)
                return web.Response(status=HTTPStatus.NO_CONTENT)
        outcome = await function.invoke(call, qualifier)
        headers = {"X-Amz-Executed-Version": outcome.version}
        if outcome.error:
            headers["X-Amz-Function-Error"] = outcome.error
        return web.Response(body=outcome.payload, headers=headers, content_type="application/json")

    async def _list(self, _: web.Request) -> web.Response:
        found = [_configured(function.latest) for function in self._functions.values()]
        return web.json_response({"Functions": found})

    async def _get(self, request: web.Request) -> web.Response:
        function, qualifier = self._asked(request)
        code = function.versions[function.resolve(qualifier)]
        location = {"RepositoryType": "local", "Location": code.task_root.as_uri()}
        concurrency = {"ReservedConcurrentExecutions": function.concurrency}
        return web.json_response(
            {"Configuration": _configured(code), "Code": location, "Concurrency": concurrency}
        )

    async def _configuration(self, request: web.Request) -> web.Response:
        function, qualifier = self._asked(request)
        return web.json_response(_configured(function.versions[function.resolve(qualifier)]))

    async def _update_configuration(self, request: web.Request) -> web.Response:
        function, _ = self._asked(request)
        wanted, code = await document(request), function.latest
        changed = replace(
            code,
            handler=wanted.get("Handler", code.handler),
            memory_mb=wanted.get("MemorySize", code.memory_mb),
            timeout_s=wanted.get("Timeout", code.timeout_s),
            environment=wanted.get("Environment", {}).get("Variables", code.environment),
        )
        await function.update(changed)
        return web.json_response(_configured(function.latest))

    async def _update_code(self, request: web.Request) -> web.Response:
        function, _ = self._asked(request)
        wanted = await document(request)
        if "ZipFile" not in wanted:
            raise invalid(f"code is given as {sorted(wanted)}, expected ZipFile")
        content = base64.b64decode(wanted["ZipFile"])
        folder = self._uploads / function.latest.name / sha256(content).hexdigest()
        if not folder.exists():
            await asyncio.to_thread(_unpack, content, folder)
        await function.update(replace(function.latest, task_root=folder))
        published = function.publish() if wanted.get("Publish") else function.latest
        return web.json_response(_configured(published))

    async def _versions(self, request: web.Request) -> web.Response:
        function, _ = self._asked(request)
        return web.json_response({"Versions": [*map(_configured, function.versions.values())]})

    async def _publish(self, request: web.Request) -> web.Response:
        function, _ = self._asked(request)
        return web.json_response(_configured(function.publish()), status=HTTPStatus.CREATED)

    async def _aliases(self, request: web.Request) -> web.Response:
        function, _ = self._asked(request)
        found = [_described(function, alias) for alias in function.aliases.values()]
        return web.json_response({"Aliases": found})

    async def _alias(self, request: web.Request) -> web.Response:
        function, _ = self._asked(request)
        return web.json_response(_described(function, _known_alias(function, request)))

    async def _put_alias(self, request: web.Request) -> web.Response:
        """Create or update: what an update leaves out stays as it was."""
        function, _ = self._asked(request)
        wanted = await document(request)
        if request.method == "PUT":
            old = _known_alias(function, request)
        elif wanted["Name"] not in function.aliases:
            old = Alias(wanted["Name"], wanted["FunctionVersion"])
        else:
            raise LambdaError(
                HTTPStatus.CONFLICT,
                "ResourceConflictException",
                f"alias {wanted['Name']!r} exists already",
            )
        alias = replace(
            old,
            version=wanted.get("FunctionVersion", old.version),
            weights=_weights(wanted.get("RoutingConfig"), old),
            description=wanted.get("Description", old.description),
        )
        _check_alias(function, alias)
        function.aliases[alias.name] = alias
        return web.json_response(_described(function, alias))

    async def _delete_alias(self, request: web.Request) -> web.Response:
        function, _ = self._asked(request)
        del function.aliases[_known_alias(function, request).name]
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _asked(self, request: web.Request) -> tuple[Function, str]:
        """The function that the path names, by name or ARN, and the version or alias of it."""
        named = request.match_info["name"].rpartition(":function:")[2]
        name, _, qualifier = named.partition(":")
        if name not in self._functions:
            raise missing(f"no function {name!r}, expected one of {sorted(self._functions)}")
        return self._functions[name], request.query.get("Qualifier", qualifier) or LATEST


def _check_payload(payload: bytes) -> None:
    if len(payload) > PAYLOAD_BYTES:
        message = f"{len(payload)} byte payload is too large, expected at most {PAYLOAD_BYTES}"
        raise LambdaError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestTooLargeException", message)
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise LambdaError(
            HTTPStatus.BAD_REQUEST, "InvalidRequestContentException", message
        ) from None


def _known_alias(function: Function, request: web.Request) -> Alias:
    name = request.match_info["alias"]
    if name not in function.aliases:
        raise missing(f"no alias {name!r}, expected one of {sorted(function.aliases)}")
    return function.aliases[name]


def _weights(routing: Block | None, old: Alias) -> dict[str, float]:
    if routing is None:
        return old.weights
    wanted = routing.get("AdditionalVersionWeights") or {}
    return {version: float(weight) for version, weight in wanted.items()}


def _check_alias(function: Function, alias: Alias) -> None:
    for version in (alias.version, *alias.weights):
        if version not in function.versions:
            raise missing(f"no version {version!r}, expected one of {sorted(function.versions)}")
    if not 0 <= sum(alias.weights.values()) <= 1:
        raise invalid(f"the weights are {alias.weights}, expected at most 1 together")


def _unpack(content: bytes, folder: Path) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise invalid(f"ZipFile is no zip file: {error}") from None


def _configured(code: Code) -> Block:
    return {
        "FunctionName": code.name,
        "FunctionArn": code.arn if code.version == LATEST else f"{code.arn}:{code.version}",
        "Version": code.version,
        "Handler": code.handler,
        "MemorySize": code.memory_mb,
        "Timeout": code.timeout_s,
        "EphemeralStorage": {"Size": code.tmp_mb},
        "Environment": {"Variables": code.environment},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Runtime": "python3.13",
    }


def _described(function: Function, alias: Alias) -> Block:
    described: Block = {
        "AliasArn": f"{function.latest.arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
    }
    if alias.weights:
        described["RoutingConfig"] = {"AdditionalVersionWeights": alias.weights}
    return described
