"""The Open Inference Protocol v2 of one model: tensors in, tensors out, and what they are like."""

from infra.exhibit import Exhibit
from infra.openapi import examples, refusals
from infra.openapi.refusals import BODY, JSON, KEYED, OPEN_INFERENCE
from infra.openapi.schema import record, reference
from serving.manifest import TensorSpec
from serving.types import JsonObject

_VERSION = {
    "name": "version",
    "in": "path",
    "required": True,
    "description": "the version that is served; there is no other",
}
_RAW = "application/octet-stream"
_BINARY_HEADER = {
    "name": "Inference-Header-Content-Length",
    "in": "header",
    "description": "bytes of JSON before the tensors of a binary body",
    "schema": {"type": "integer", "minimum": 1},
}


def paths(exhibit: Exhibit) -> JsonObject:
    """The model's paths below `/v2`, without and with its version."""
    model = f"/v2/models/{exhibit.name}"
    version = {**_VERSION, "schema": {"enum": [exhibit.version]}}
    return _paths(exhibit, model, "", []) | _paths(
        exhibit, f"{model}/versions/{{version}}", "_version", [version]
    )


def schemas(exhibit: Exhibit) -> JsonObject:
    """The tensors that go in and come out, under the model's name."""
    manifest = exhibit.artifact.manifest
    return {
        f"{exhibit.name}.Input": _any_of(manifest.inputs),
        f"{exhibit.name}.Output": _any_of(manifest.outputs),
    }


def shared_schemas() -> JsonObject:
    """What models of every kind say of themselves."""
    tensor = record(
        name={"type": "string"},
        datatype={"type": "string"},
        shape={"type": "array", "items": {"type": "integer", "minimum": -1}},
    )
    metadata = record(
        name={"type": "string"},
        versions={"type": "array", "items": {"type": "string"}},
        platform={"const": "onnx_onnxv1"},
        inputs={"type": "array", "items": tensor},
        outputs={"type": "array", "items": tensor},
        parameters={"type": "object", "description": "task, metrics, limits, schemas"},
    )
    ready = record(name={"type": "string"}, ready={"type": "boolean"}, live={"type": "boolean"})
    configured = {"type": "object", "required": ["name", "data_type", "dims"]}
    config = record(
        name={"type": "string"},
        platform={"type": "string"},
        backend={"type": "string"},
        version_policy={"type": "object"},
        max_batch_size={"type": "integer", "minimum": 0},
        input={"type": "array", "items": configured},
        output={"type": "array", "items": configured},
    )
    return {"ModelMetadata": metadata, "ModelReady": ready, "ModelConfig": config}


def _paths(exhibit: Exhibit, path: str, suffix: str, parameters: list[JsonObject]) -> JsonObject:
    shared = {"parameters": parameters} if parameters else {}
    name = f"{exhibit.name}{suffix}"
    return {
        path: shared | {"get": _get(exhibit, f"metadata_{name}", "Metadata", "ModelMetadata")},
        f"{path}/ready": shared | {"get": _get(exhibit, f"ready_{name}", "Ready?", "ModelReady")},
        f"{path}/config": shared
        | {"get": _get(exhibit, f"config_{name}", "Configuration", "ModelConfig")},
        f"{path}/infer": shared | {"post": _infer(exhibit, f"infer_{name}")},
    }


def _get(exhibit: Exhibit, operation: str, summary: str, schema: str) -> JsonObject:
    content = {JSON: {"schema": reference(schema)}}
    return {
        "operationId": operation,
        "summary": f"{summary} (Open Inference Protocol)",
        "tags": [exhibit.name],
        "responses": {
            "200": {"description": "What the model says of itself.", "content": content},
            **refusals.responses(KEYED, OPEN_INFERENCE),
        },
    }


def _infer(exhibit: Exhibit, operation: str) -> JsonObject:
    shown = examples.requests(exhibit, "infer").get(JSON, {})
    answered = examples.answers(exhibit, "infer")
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "operationId": operation,
        "summary": "Infer (Open Inference Protocol)",
        "description": "Binary bodies are those of the binary tensor extension.",
        "tags": [exhibit.name],
        "parameters": [_BINARY_HEADER],
        "requestBody": {
            "required": True,
            "content": {JSON: _content(_request_schema(exhibit), shown), _RAW: binary},
        },
        "responses": {
            "200": {
                "description": "The tensors that were asked for, or else all.",
                "content": {JSON: _content(_answer_schema(exhibit), answered), _RAW: binary},
            },
            **refusals.responses((*KEYED, *BODY), OPEN_INFERENCE),
        },
    }


def _content(schema: JsonObject, shown: JsonObject) -> JsonObject:
    return {"schema": schema, "examples": shown} if shown else {"schema": schema}


def _request_schema(exhibit: Exhibit) -> JsonObject:
    manifest = exhibit.artifact.manifest
    outputs = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": {"enum": [tensor.name for tensor in manifest.outputs]},
                "parameters": {"type": "object"},
            },
            "required": ["name"],
        },
    }
    count = len(manifest.inputs)
    inputs = {
        "type": "array",
        "items": reference(f"{exhibit.name}.Input"),
        "minItems": count,
        "maxItems": count,
    }
    request = record(inputs=inputs)
    request["properties"] |= {
        "id": {"type": "string"},
        "parameters": {"type": "object"},
        "outputs": outputs,
    }
    return request


def _answer_schema(exhibit: Exhibit) -> JsonObject:
    output = reference(f"{exhibit.name}.Output")
    return record(
        model_name={"const": exhibit.name},
        model_version={"type": "string"},
        id={"type": "string"},
        outputs={"type": "array", "items": output},
    )


def _any_of(tensors: tuple[TensorSpec, ...]) -> JsonObject:
    described = [_tensor(tensor) for tensor in tensors]
    return described[0] if len(described) == 1 else {"oneOf": described}


def _tensor(tensor: TensorSpec) -> JsonObject:
    sizes = [
        {"type": "integer", "minimum": 0} if size < 0 else {"const": size} for size in tensor.shape
    ]
    rank = len(sizes)
    schema = record(
        name={"const": tensor.name},
        datatype={"const": tensor.datatype},
        shape={"type": "array", "prefixItems": sizes, "minItems": rank, "maxItems": rank},
        data={"type": "array", "description": "row-major, flat or nested"},
    )
    schema["properties"]["parameters"] = {"type": "object"}
    return schema
