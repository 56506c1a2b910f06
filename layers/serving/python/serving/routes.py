"""Which protocol answers which path, for the one model that this function serves."""

from collections.abc import Callable

from serving.errors import MethodNotAllowed, NotFound, TooLarge
from serving.http import EMBEDDINGS, FORECAST, Request, Response, preflight, reply
from serving.prices import Usage
from serving.protocols import native, oip
from serving.service import Service

# What fits into one packet anyway is not compressed.
WORTH_PACKING_BYTES = 1400

Answer = Callable[[Service, Request, Usage], Response]


class Router:
    """The paths of one model, each with its method and what answers it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        open_inference: dict[str, tuple[str, Answer]] = {
            "": ("GET", _metadata),
            "/ready": ("GET", _ready),
            "/config": ("GET", _configuration),
            "/infer": ("POST", oip.infer),
        }
        model = f"/v2/models/{service.name}"
        self._routes: dict[str, tuple[str, Answer]] = {
            f"/v1/models/{service.name}": ("GET", _openai_model),
            f"/v1/models/{service.name}/predict": ("POST", native.predict),
            f"/v1/models/{service.name}/explain": ("POST", _explain),
        }
        if service.manifest.task == "embedding":
            self._routes[EMBEDDINGS] = ("POST", _embeddings)
        elif service.manifest.task == "forecasting":
            self._routes[FORECAST] = ("POST", _forecast)
        for prefix in (model, f"{model}/versions/{service.version}"):
            self._routes |= {prefix + path: route for path, route in open_inference.items()}

    def respond(self, request: Request, usage: Usage) -> Response:
        """Answer a request.  Raises ServingError."""
        if request.method == "OPTIONS":
            return preflight()
        most = self.service.limits.body_bytes
        if len(request.body) > most:
            raise TooLarge(f"the body has {len(request.body)} bytes, expected at most {most}")
        route = self._routes.get(request.path)
        if route is None:
            raise NotFound(self._missing(request.path))
        method, answer = route
        if request.method != method and (request.method, method) != ("HEAD", "GET"):
            raise MethodNotAllowed.of(request.method, request.path, method)
        if coding := request.headers.get("content-encoding"):
            from serving import encodings

            request.body = encodings.unpacked(request.body, coding, most)
        response = answer(self.service, request, usage)
        if len(response.body) >= WORTH_PACKING_BYTES and "accept-encoding" in request.headers:
            from serving import encodings

            return encodings.packed(response, request.headers["accept-encoding"])
        return response

    def _missing(self, path: str) -> str:
        """Why there is no such path: another model, another version, or nothing at all."""
        name, version = self.service.name, self.service.version
        match path.split("/"):
            case ["", "v1" | "v2", "models", model, *_] if model != name:
                return f"model '{model}' is not served here, expected '{name}'"
            case ["", "v2", "models", _, "versions", other, *_] if other != version:
                return f"model '{name}' has no version '{other}' here, expected '{version}'"
        return f"no route {path}"


def _openai_model(service: Service, _request: Request, _usage: Usage) -> Response:
    """The model as OpenAI's API describes one; when it was made is not recorded."""
    facts = {"id": service.name, "object": "model", "created": 0, "owned_by": "flotilla"}
    return reply(facts)


def _embeddings(service: Service, request: Request, usage: Usage) -> Response:
    from serving.protocols import openai_embeddings

    return openai_embeddings.create(service, request, usage)


def _forecast(service: Service, request: Request, usage: Usage) -> Response:
    from serving.protocols import kserve_forecast

    return kserve_forecast.forecast(service, request, usage)


def _metadata(service: Service, _request: Request, _usage: Usage) -> Response:
    return reply(oip.metadata(service))


def _ready(service: Service, _request: Request, _usage: Usage) -> Response:
    return reply({"name": service.name, "ready": True, "live": True})


def _configuration(service: Service, _request: Request, _usage: Usage) -> Response:
    from serving.protocols import oip_configuration

    return reply(oip_configuration.configuration(service))


def _explain(service: Service, request: Request, usage: Usage) -> Response:
    from serving.explain.answer import answer

    return answer(service, request, usage)
