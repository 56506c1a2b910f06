"""The native protocol: instances in, predictions out, JSON or the raw thing."""

from collections.abc import Sequence
from time import perf_counter

from serving import arrays
from serving.errors import Unprocessable
from serving.http import JSON, Request, Response, parse_json, reply
from serving.prices import Usage
from serving.service import Service
from serving.types import Json, JsonObject

VARIANT_HEADER = "x-variant"


def predict(service: Service, request: Request, usage: Usage) -> Response:
    """Answer `POST /v1/models/M/predict`.  Raises ServingError."""
    return reply(prediction(service, request, usage))


def prediction(service: Service, request: Request, usage: Usage) -> JsonObject:
    """The one answer object, the same through every door.  Raises ServingError."""
    started = perf_counter()
    chosen, instances = read(service, request)
    predictions = chosen.predict(instances, request.deadline)
    return {
        "id": request.id,
        "model": service.name,
        "version": service.version,
        "variant": chosen.variant,
        "predictions": predictions,
        "usage": usage((perf_counter() - started) * 1000),
    }


def read(service: Service, request: Request) -> tuple[Service, list[Json]]:
    """The instances of a request, of whichever media type, and the variant that is to answer.

    The variant is the body's `variant` beside `instances`, or the header's of any body.

    Raises ServingError.
    """
    variant = request.headers.get(VARIANT_HEADER)
    media_type = request.media_type
    if media_type != JSON:
        return service.choose(variant), service.instances(media_type, request.body)
    document = question(parse_json(request, service.limits.nesting))
    return service.choose(document.get("variant", variant)), document["instances"]


def question(document: Json, options: Sequence[str] = ()) -> JsonObject:
    """A JSON body with its `instances`.

    Raises Unprocessable when it holds anything but them, `variant` and `options`.
    """
    if not isinstance(document, dict) or not isinstance(document.get("instances"), list):
        raise Unprocessable('the body lacks a list, expected {"instances": [...]}')
    known = ("variant", *options)
    unknown = document.keys() - {"instances", *known}
    if unknown:
        raise Unprocessable(
            f"the body has unknown keys {sorted(unknown)}, expected 'instances' and maybe "
            f"{arrays.listed(known)}"
        )
    return document
