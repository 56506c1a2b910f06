"""The Open Inference Protocol v2: named tensors in, named tensors out.

Specification: kserve/open-inference-protocol, `specification/protocol/inference_rest.md`.
"""

from math import prod
from time import perf_counter

from serving import arrays, strict_json
from serving.errors import Unprocessable
from serving.http import Request, Response
from serving.manifest import Manifest, TensorSpec
from serving.prices import Usage
from serving.protocols import native, oip_binary
from serving.service import Service
from serving.types import Array, Json, JsonObject, Tensors

PLATFORM = "onnx_onnxv1"


def metadata(service: Service) -> JsonObject:
    """Answer `GET /v2/models/M`: the tensors, and what else a caller needs to know."""
    manifest = service.manifest
    return {
        "name": service.name,
        "versions": [service.version],
        "platform": PLATFORM,
        "inputs": [_spec_json(tensor) for tensor in manifest.inputs],
        "outputs": [_spec_json(tensor) for tensor in manifest.outputs],
        "parameters": {
            "task": manifest.task,
            "variant": manifest.variant,
            "variants": [_variant_json(manifest, name) for name in manifest.graphs],
            "digest": service.digest,
            "media_types": list(service.task.media_types),
            "instance_schema": service.task.schema(),
            "details": manifest.details,
            "metrics": manifest.metrics,
            "limits": {name: getattr(service.limits, name) for name in service.limits.__slots__},
        },
    }


def infer(service: Service, request: Request, usage: Usage) -> Response:
    """Answer `POST /v2/models/M/infer`.  Raises ServingError.

    The answer's `parameters` say which variant it is of, and what it took and cost.
    """
    started = perf_counter()
    header, buffers = oip_binary.split(request)
    document = strict_json.loads(header, service.limits.nesting)
    if not isinstance(document, dict):
        raise Unprocessable(f"the body is {arrays.shown(document)}, expected an object")
    inputs = _read_inputs(service, document, buffers)
    wanted = _read_outputs(service, document)
    chosen_service = service.choose(_read_variant(document, request))
    outputs = chosen_service.infer(inputs, request.deadline)
    answer: JsonObject = {
        "model_name": service.name,
        "model_version": service.version,
        "id": request.id if document.get("id") is None else str(document["id"]),
        "parameters": {
            "variant": chosen_service.variant,
            **usage((perf_counter() - started) * 1000),
        },
    }
    specs = service.manifest.outputs
    if counts := _class_counts(document):
        from serving.protocols import oip_classification

        outputs, specs = oip_classification.classify(service.manifest, outputs, counts)
    chosen = {name: outputs[name] for name in wanted}
    return oip_binary.write(answer, chosen, specs, oip_binary.wanted(document, wanted))


def _spec_json(tensor: TensorSpec) -> JsonObject:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}


def _variant_json(manifest: Manifest, name: str) -> JsonObject:
    """What a caller chooses a variant by; figures only where there is a choice."""
    described: JsonObject = {
        "name": name,
        "default": name == manifest.variant,
        "size_bytes": manifest.files[manifest.graphs[name]].size_bytes,
    }
    if variant := manifest.variants.get(name):
        described |= {"metrics": variant.metrics, "latency_ms": variant.latency_ms}
    return described


def _read_variant(document: JsonObject, request: Request) -> Json:
    """The variant that `parameters` ask for, or else the header of any body."""
    parameters = document.get("parameters")
    stated = parameters if isinstance(parameters, dict) else {}
    return stated.get("variant", request.headers.get(native.VARIANT_HEADER))


def _read_inputs(service: Service, document: JsonObject, buffers: memoryview) -> Tensors:
    entries = document.get("inputs")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unprocessable("'inputs' is missing or wrong, expected a list of tensors")
    expected = {tensor.name: tensor for tensor in service.manifest.inputs}
    names = [entry.get("name") for entry in entries]
    if len(names) != len(expected) or any(name not in names for name in expected):
        raise Unprocessable(
            f"the inputs are {arrays.listed(map(str, names))}, expected {arrays.listed(expected)}"
        )
    inputs: Tensors = {}
    for entry in entries:
        tensor = expected[entry["name"]]
        shape = _read_shape(tensor, entry)
        if tensor.shape and tensor.shape[0] == -1:
            service.require_batch(shape[0])
        data, buffers = oip_binary.take(entry, tensor, buffers)
        if data is None:
            data = _read_data(tensor, entry)
        inputs[tensor.name] = _shaped(tensor, data, shape)
    if len(buffers):
        raise Unprocessable(f"the body holds {len(buffers)} bytes more than its inputs say")
    return inputs


def _read_shape(tensor: TensorSpec, entry: JsonObject) -> tuple[int, ...]:
    if entry.get("datatype") != tensor.datatype:
        was = arrays.shown(entry.get("datatype"))
        raise Unprocessable(f"input '{tensor.name}' has datatype {was}, expected {tensor.datatype}")
    shape = entry.get("shape")
    fits = (
        isinstance(shape, list)
        and len(shape) == len(tensor.shape)
        and all(type(size) is int and size >= 0 for size in shape)
        and all(want in (-1, size) for want, size in zip(tensor.shape, shape, strict=True))
    )
    if not fits:
        was = arrays.shown(shape)
        raise Unprocessable(f"input '{tensor.name}' has shape {was}, expected {list(tensor.shape)}")
    return tuple(entry["shape"])


def _read_data(tensor: TensorSpec, entry: JsonObject) -> Array:
    what = f"input '{tensor.name}'"
    if "data" not in entry:
        raise Unprocessable(f"{what} has no data")
    return arrays.from_json(arrays.flatten(entry["data"], what), tensor.datatype, what)


def _shaped(tensor: TensorSpec, data: Array, shape: tuple[int, ...]) -> Array:
    if data.size != prod(shape):
        raise Unprocessable(
            f"input '{tensor.name}' has {data.size} values, expected {prod(shape)} "
            f"for shape {list(shape)}"
        )
    return data.reshape(shape)


def _read_outputs(service: Service, document: JsonObject) -> list[str]:
    known = [tensor.name for tensor in service.manifest.outputs]
    entries = document.get("outputs")
    if entries is None:
        return known
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unprocessable("'outputs' is wrong, expected a list of tensors")
    names = [entry.get("name") for entry in entries]
    for name in names:
        if name not in known:
            was = arrays.shown(name)
            raise Unprocessable(f"output {was} is unknown, expected {arrays.listed(known)}")
    return names or known


def _class_counts(document: JsonObject) -> JsonObject:
    """Which outputs are wanted as classes: the name of each, and of how many."""
    asked = [(entry["name"], entry.get("parameters")) for entry in document.get("outputs") or []]
    return {
        name: parameters["classification"]
        for name, parameters in asked
        if isinstance(parameters, dict) and "classification" in parameters
    }
