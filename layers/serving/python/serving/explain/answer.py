"""`POST /v1/models/M/explain`: the answer of `predict`, with the attributions in it."""

from base64 import b64decode
from time import perf_counter

from serving import arrays, explain, strict_json
from serving.errors import NotFound, TooLarge, Unprocessable
from serving.explain import score
from serving.explain.question import Question
from serving.http import JSON, Request, Response, reply
from serving.prices import Usage
from serving.protocols import native
from serving.service import Service
from serving.types import Json, JsonObject

_PNG = "image/png"
_LABEL_HEADER = "x-label"
_KINDS = {"label": (str, "a label"), "overlay": (bool, "true or false")}


def answer(service: Service, request: Request, usage: Usage) -> Response:
    """Explain each instance of a request; one image alone as a PNG, when that is what is accepted.

    Raises ServingError.
    """
    started = perf_counter()
    task = service.manifest.task
    if task not in explain.TASKS:
        raise NotFound(
            f"model '{service.name}' is of task {task}, which has no explanations, "
            f"expected a model of {', '.join(explain.TASKS)}"
        )
    chosen, instances, options = _read(service, request)
    most = service.limits.explain_batch
    if len(instances) > most:
        raise TooLarge(f"the request holds {len(instances)} instances to explain, at most {most}")
    drawn = _accepts_png(request) and "overlay" in explain.options(task)
    if drawn and len(instances) != 1:
        raise Unprocessable(f"the request holds {len(instances)} images, expected 1 for a PNG")
    as_table = not drawn and native.wants_table(request)
    options |= {"overlay": True} if drawn else {}
    predictions = _explained(chosen, instances, options, request.deadline)
    if drawn:
        return Response(200, b64decode(predictions[0]["attributions"]["overlay"]), _PNG)
    document = {
        "id": request.id,
        "model": service.name,
        "version": service.version,
        "variant": chosen.variant,
        "predictions": predictions,
        "usage": usage((perf_counter() - started) * 1000),
    }
    return native.table(document, task) if as_table else reply(document)


def _explained(
    service: Service, instances: list[Json], options: JsonObject, deadline: float
) -> list[Json]:
    """The prediction of each instance with its attributions."""
    service.require_batch(len(instances))
    inputs = service.task.decode(instances)
    predictions = service.task.encode(inputs | service.infer(inputs, deadline))
    kind = explain.kind(service.manifest.task)
    for index, (instance, prediction) in enumerate(zip(instances, predictions, strict=True)):
        explained = score.of(service, prediction, options.get("label"), deadline)
        row = {name: array[index : index + 1] for name, array in inputs.items()}
        found = kind.attribute(explained, Question(index, instance, row, options))
        label = {"label": explained.label} if explained.label else {}
        prediction["attributions"] = {**label, "score": explained.served, **found}
    return predictions


def _read(service: Service, request: Request) -> tuple[Service, list[Json], JsonObject]:
    """The variant that is asked, the instances, and the options.

    Options stand beside the instances in JSON; the label may be in a header, of any body.
    """
    known = explain.options(service.manifest.task)
    variant = request.headers.get(native.VARIANT_HEADER)
    options = {"label": request.headers[_LABEL_HEADER]} if _LABEL_HEADER in request.headers else {}
    if options and "label" not in known:
        raise Unprocessable(f"header '{_LABEL_HEADER}' names a label, but a regression has none")
    if request.media_type != JSON:
        from serving.protocols import raw

        return service.choose(variant), raw.instances(service, request), options
    document = native.question(strict_json.loads(request.body, service.limits.nesting), known)
    options |= {name: document[name] for name in known if name in document}
    for name, value in options.items():
        kind, expected = _KINDS.get(name, (object, ""))
        if not isinstance(value, kind):
            raise Unprocessable(f"'{name}' is {arrays.shown(value)}, expected {expected}")
    return service.choose(document.get("variant", variant)), document["instances"], options


def _accepts_png(request: Request) -> bool:
    first = request.headers.get("accept", "").partition(",")[0]
    return first.partition(";")[0].strip().lower() == _PNG
