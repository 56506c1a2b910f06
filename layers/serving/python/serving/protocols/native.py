"""The native protocol: instances in, predictions out, JSON or the raw thing."""

from collections.abc import Sequence
from http import HTTPStatus
from time import perf_counter

from serving import arrays, strict_json
from serving.errors import NotAcceptable, Unprocessable
from serving.http import JSON, Request, Response, reply
from serving.prices import Usage
from serving.service import Service
from serving.types import Json, JsonObject

VARIANT_HEADER = "x-variant"
CSV = "text/csv"
# What clients say to whom JSON is welcome, unless they think about it.
_JSON_DOES = frozenset(("", "*/*", JSON))


def predict(service: Service, request: Request, usage: Usage) -> Response:
    """Answer `POST /v1/models/M/predict`.  Raises ServingError."""
    as_table = wants_table(request)
    document = prediction(service, request, usage)
    return table(document, service.manifest.task) if as_table else reply(document)


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
        from serving.protocols import raw

        return service.choose(variant), raw.instances(service, request)
    document = question(strict_json.loads(request.body, service.limits.nesting))
    return service.choose(document.get("variant", variant)), document["instances"]


def wants_table(request: Request) -> bool:
    """Whether the caller would rather have CSV than JSON.  Raises NotAcceptable for neither."""
    accepted = request.headers.get("accept", "")
    if accepted in _JSON_DOES:
        return False
    from serving.negotiation import preferred

    chosen = preferred(accepted, (JSON, CSV))
    if chosen is None:
        shown = arrays.shown(accepted)
        raise NotAcceptable(f"accept is {shown}, but there is {JSON} and {CSV} only")
    return chosen == CSV


def table(document: JsonObject, task: str) -> Response:
    """The predictions of an answer as CSV; the rest of it goes into headers."""
    from serving import csv_answers

    headers = {
        "Vary": "Accept",
        "X-Prediction-Id": document["id"],
        "X-Model-Version": document["version"],
        "X-Compute-Ms": str(document["usage"]["compute_ms"]),
        "X-Cost-Usd": f"{document['usage']['cost_usd']:.10f}",
    }
    body = csv_answers.write(document["predictions"], task)
    return Response(HTTPStatus.OK, body, f"{CSV}; charset=utf-8", headers)


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
