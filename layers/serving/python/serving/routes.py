"""Which protocol answers which path, for the one model that this function serves."""

from serving.errors import MethodNotAllowed, NotFound, TooLarge
from serving.http import Request, Response, reply
from serving.prices import Usage
from serving.protocols import native, oip
from serving.service import Service


def respond(service: Service, request: Request, usage: Usage) -> Response:
    """Answer a request.  Raises ServingError."""
    if len(request.body) > service.limits.body_bytes:
        raise TooLarge(
            f"the body has {len(request.body)} bytes, expected at most {service.limits.body_bytes}"
        )
    _, *segments = request.path.split("/")
    match segments:
        case ["v1", "models", model, "predict"]:
            _require_model(service, model)
            _require_method(request, "POST")
            return native.predict(service, request, usage)
        case ["v2", "models", model, "versions", version, *rest]:
            _require_model(service, model)
            _require_version(service, version)
            return _open_inference(service, request, rest)
        case ["v2", "models", model, *rest]:
            _require_model(service, model)
            return _open_inference(service, request, rest)
    raise NotFound(f"no route {request.path}")


def _open_inference(service: Service, request: Request, rest: list[str]) -> Response:
    match rest:
        case []:
            _require_method(request, "GET")
            return reply(oip.metadata(service))
        case ["ready"]:
            _require_method(request, "GET")
            return reply({"name": service.name, "ready": True, "live": True})
        case ["infer"]:
            _require_method(request, "POST")
            return oip.infer(service, request)
    raise NotFound(f"no route {request.path}")


def _require_model(service: Service, model: str) -> None:
    if model != service.name:
        raise NotFound(f"model '{model}' is not served here, expected '{service.name}'")


def _require_version(service: Service, version: str) -> None:
    if version != service.version:
        raise NotFound(
            f"model '{service.name}' has no version '{version}' here, expected '{service.version}'"
        )


def _require_method(request: Request, method: str) -> None:
    if request.method != method and not (method == "GET" and request.method == "HEAD"):
        raise MethodNotAllowed(f"{request.path} takes {method}, not {request.method}")
