"""What API Gateway answers in place of a function, as the template words it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from infra.local.proxy import HttpReply, HttpRequest
from infra.resources.blocks import Block

_HEADER = "gatewayresponse.header."
_VARIABLE = re.compile(r"\$context\.([A-Za-z]+(?:\.[A-Za-z_]+)*)")
_DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'

# response type -> status and message, where the template says nothing (Amazon API Gateway
# developer guide, "Gateway response types").  A throttled Lambda function is an integration
# failure; what a function answers wrongly, or not at all as it died, is DEFAULT_5XX.
_KINDS = {
    "ACCESS_DENIED": (403, "User is not authorized to access this resource"),
    "AUTHORIZER_FAILURE": (500, "Internal server error"),
    "DEFAULT_5XX": (502, "Internal server error"),
    "INTEGRATION_FAILURE": (500, "Internal server error"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out"),
    "INVALID_API_KEY": (403, "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "QUOTA_EXCEEDED": (429, "Limit Exceeded"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long"),
    "THROTTLED": (429, "Too Many Requests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
}


class Refused(Exception):
    """The gateway itself answers, with the response of this type; `reason` is for the log.

    `authorizer` is what the authorizer says of the caller: the response may quote it.
    """

    def __init__(
        self, kind: str, reason: str = "", authorizer: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(reason or kind)
        self.kind = kind
        self.authorizer = authorizer or {}


class GatewayResponses:
    """The template's `x-amazon-apigateway-gateway-responses`."""

    def __init__(self, responses: Mapping[str, Block]) -> None:
        self._responses = responses

    def reply(self, refused: Refused, request: HttpRequest) -> HttpReply:
        """The response to a refusal: its type's own words, else its class's, else AWS's."""
        kind = refused.kind
        status, message = _KINDS[kind]
        own = self._responses.get(kind, {})
        status = int(own.get("statusCode", status))
        response = own or self._responses.get(f"DEFAULT_{status // 100}XX", {})
        template = response.get("responseTemplates", {}).get("application/json", _DEFAULT_TEMPLATE)
        values = {
            "error.message": message,
            "error.messageString": json.dumps(message),
            "error.responseType": kind,
            "requestId": request.id,
            **{f"authorizer.{name}": str(value) for name, value in refused.authorizer.items()},
        }
        body = _VARIABLE.sub(lambda match: values.get(match[1], match[0]), template)
        headers = [
            (name.removeprefix(_HEADER), value.removeprefix("'").removesuffix("'"))
            for name, value in response.get("responseParameters", {}).items()
        ]
        headers += [
            ("Content-Type", "application/json"),
            ("x-amzn-ErrorType", _error_type(message)),
        ]
        return HttpReply(status, headers, body.encode())


def _error_type(message: str) -> str:
    """`Too Many Requests` as `TooManyRequestsException`."""
    return "".join(word.capitalize() for word in message.split()) + "Exception"
