"""The errors of Lambda's API, and how they are told to its clients."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from infra.local.function import UnknownQualifier
from infra.local.invocation import Throttled
from serving.types import JsonObject

Handler = Callable[[web.Request], Awaitable[web.Response]]


class LambdaError(Exception):
    """An error in Lambda's words."""

    def __init__(self, status: HTTPStatus, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


def missing(message: str) -> LambdaError:
    """There is no such function, version or alias."""
    return LambdaError(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", message)


def invalid(message: str) -> LambdaError:
    """A parameter is not what it should be."""
    return LambdaError(HTTPStatus.BAD_REQUEST, "InvalidParameterValueException", message)


async def document(request: web.Request) -> JsonObject:
    """The JSON object that a request brings.  Raises LambdaError."""
    try:
        found = await request.json()
    except ValueError as error:
        found = error
    if not isinstance(found, dict):
        raise LambdaError(
            HTTPStatus.BAD_REQUEST, "SerializationException", f"no JSON object: {found}"
        )
    return found


def told(handler: Handler) -> Handler:
    """The handler, with its errors as Lambda tells them; a web page is refused.

    This API takes code and runs it, and asks for no signature: a page that a browser has open must
    not reach it, and browsers say so with `Origin`.
    """

    async def handle(request: web.Request) -> web.Response:
        if "Origin" in request.headers:
            refusal = PermissionError("Lambda's API is not for web pages")
            return _reply(HTTPStatus.FORBIDDEN, "AccessDeniedException", refusal)
        try:
            return await handler(request)
        except LambdaError as error:
            return _reply(error.status, error.kind, error)
        except UnknownQualifier as error:
            return _reply(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", error)
        except Throttled as error:
            return _reply(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequestsException", error)

    return handle


def _reply(status: HTTPStatus, kind: str, error: Exception) -> web.Response:
    document = {"Type": "User", "Message": str(error)}
    return web.json_response(document, status=status, headers={"x-amzn-ErrorType": kind})
