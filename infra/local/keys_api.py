"""API Gateway's own API, as far as keys and plans go, for those who make keys while it runs.

Paths and shapes are those of the Amazon API Gateway API reference, below a path that no model has:
`boto3.client("apigateway", endpoint_url=cloud.apigateway_endpoint)`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from secrets import token_hex
from typing import TypeVar

from aiohttp import web

from infra.local.code import API_GATEWAY
from infra.local.lambda_errors import LambdaError, document, told
from infra.local.usage import Key, Keys
from infra.resources.blocks import Block

# The least that API Gateway takes for a key's value (CreateApiKey).
_VALUE_CHARACTERS = 20
_Found = TypeVar("_Found")


class KeysApi:
    """The keys, managed the way AWS's clients manage them."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the paths of the API."""
        for method, path, handler in (
            ("GET", "/apikeys", self._list),
            ("POST", "/apikeys", self._create),
            ("DELETE", "/apikeys/{key}", self._delete),
            ("GET", "/usageplans", self._plans),
            ("POST", "/usageplans/{plan}/keys", self._link),
            ("GET", "/usageplans/{plan}/usage", self._usage),
        ):
            router.add_route(method, API_GATEWAY + path, told(handler))

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"item": [_described(key) for key in self._keys]})

    async def _create(self, request: web.Request) -> web.Response:
        wanted = await document(request)
        value = wanted.get("value") or token_hex(_VALUE_CHARACTERS)
        if len(value) < _VALUE_CHARACTERS:
            raise LambdaError(
                HTTPStatus.BAD_REQUEST,
                "BadRequestException",
                f"a key has {len(value)} characters, expected at least {_VALUE_CHARACTERS}",
            )
        key = Key(token_hex(5), wanted.get("name", ""), value, bool(wanted.get("enabled")))
        try:
            self._keys.add(key)
        except KeyError:
            raise LambdaError(
                HTTPStatus.CONFLICT, "ConflictException", "another key has this value"
            ) from None
        return web.json_response(_described(key), status=HTTPStatus.CREATED)

    async def _delete(self, request: web.Request) -> web.Response:
        _known(lambda: self._keys.remove(request.match_info["key"]))
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _plans(self, _: web.Request) -> web.Response:
        found = [
            {"id": plan_id, "name": plan.get("UsagePlanName", plan_id)}
            for plan_id, plan in self._keys.plans.items()
        ]
        return web.json_response({"item": found})

    async def _link(self, request: web.Request) -> web.Response:
        key_id, plan_id = (await document(request))["keyId"], request.match_info["plan"]
        key = _known(lambda: self._keys.link(key_id, plan_id))
        linked = {"id": key.id, "type": "API_KEY", "name": key.name, "value": key.value}
        return web.json_response(linked, status=HTTPStatus.CREATED)

    async def _usage(self, request: web.Request) -> web.Response:
        """What each key of a plan has used: `[used, remaining]` a day, here of today alone."""
        plan_id = request.match_info["plan"]
        today = datetime.now(UTC).date().isoformat()
        values = {
            key.id: [[key.quota.used, key.quota.limit - key.quota.used]]
            for key in self._keys
            if key.plan == plan_id and key.quota
        }
        found = {"usagePlanId": plan_id, "startDate": today, "endDate": today, "values": values}
        return web.json_response(found)


def _known(look_up: Callable[[], _Found]) -> _Found:
    try:
        return look_up()
    except KeyError as error:
        raise LambdaError(
            HTTPStatus.NOT_FOUND, "NotFoundException", f"there is no {error}"
        ) from None


def _described(key: Key) -> Block:
    return {"id": key.id, "name": key.name, "value": key.value, "enabled": key.enabled}
