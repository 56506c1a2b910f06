"""The native protocol: instances in, predictions out, JSON or the raw thing."""

from time import perf_counter

from serving.errors import Unprocessable
from serving.http import JSON, Request, Response, parse_json, reply
from serving.prices import Usage
from serving.service import Service
from serving.types import Json, JsonObject


def predict(service: Service, request: Request, usage: Usage) -> Response:
    """Answer `POST /v1/models/M/predict`.  Raises ServingError."""
    return reply(prediction(service, request, usage))


def prediction(service: Service, request: Request, usage: Usage) -> JsonObject:
    """The one answer object, the same through every door.  Raises ServingError."""
    started = perf_counter()
    predictions = service.predict(read_instances(service, request), request.deadline)
    return {
        "id": request.id,
        "model": service.name,
        "version": service.version,
        "predictions": predictions,
        "usage": usage((perf_counter() - started) * 1000),
    }


def read_instances(service: Service, request: Request) -> list[Json]:
    """The instances of a request, of whichever media type.  Raises ServingError."""
    media_type = request.media_type
    if media_type == JSON:
        return _instances(parse_json(request, service.limits.nesting))
    return service.instances(media_type, request.body)


def _instances(document: Json) -> list[Json]:
    if not isinstance(document, dict) or not isinstance(document.get("instances"), list):
        raise Unprocessable('the body lacks a list, expected {"instances": [...]}')
    unknown = document.keys() - {"instances"}
    if unknown:
        raise Unprocessable(f"the body has unknown keys {sorted(unknown)}, expected 'instances'")
    instances: list[Json] = document["instances"]
    return instances
