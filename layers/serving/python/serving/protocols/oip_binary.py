"""The binary tensor extension of the Open Inference Protocol, as Triton defines it.

A body is JSON of `Inference-Header-Content-Length` bytes, then the raw little-endian data of each
tensor that has `binary_data_size`, in order.  BYTES elements carry a 4-byte length each.
Specification: triton-inference-server/server, `docs/protocol/extension_binary_data.md`.
"""

from http import HTTPStatus

import numpy as np

from serving import arrays, strict_json
from serving.datatypes import NUMPY
from serving.errors import BadRequest, Unprocessable
from serving.http import Request, Response, reply
from serving.manifest import TensorSpec
from serving.types import Array, JsonObject, Tensors

LENGTH_HEADER = "inference-header-content-length"
MEDIA_TYPE = "application/octet-stream"
_LENGTH_BYTES = 4


def split(request: Request) -> tuple[bytes, memoryview]:
    """The JSON of a request, and the bytes behind it.  Raises BadRequest."""
    stated = request.headers.get(LENGTH_HEADER)
    if stated is None:
        return request.body, memoryview(b"")
    try:
        length = int(stated)
    except ValueError:
        length = -1
    if not 0 <= length <= len(request.body):
        raise BadRequest(
            f"{LENGTH_HEADER} is {arrays.shown(stated)}, expected at most {len(request.body)}"
        )
    return request.body[:length], memoryview(request.body)[length:]


def take(
    entry: JsonObject, tensor: TensorSpec, buffers: memoryview
) -> tuple[Array | None, memoryview]:
    """The data of one input from the front of `buffers`, and what remains; None when it has none.

    Raises Unprocessable when the size is not what the datatype needs.
    """
    parameters = entry.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is None:
        return None, buffers
    what = f"input '{tensor.name}'"
    if type(size) is not int or not 0 <= size <= len(buffers):
        shown = arrays.shown(size)
        raise Unprocessable(f"{what} has binary_data_size {shown}, expected at most {len(buffers)}")
    raw, rest = buffers[:size], buffers[size:]
    if tensor.datatype == "BYTES":
        return _strings(raw, what), rest
    dtype = NUMPY[tensor.datatype]
    if size % dtype.itemsize:
        raise Unprocessable(f"{what} has {size} bytes, expected a multiple of {dtype.itemsize}")
    array = np.frombuffer(raw, dtype=dtype.newbyteorder("<")).astype(dtype, copy=False)
    arrays.require_finite(array, what)
    return array, rest


def wanted(document: JsonObject, names: list[str]) -> set[str]:
    """Which of the outputs the caller wants as binary."""
    parameters = document.get("parameters")
    everything = isinstance(parameters, dict) and parameters.get("binary_data_output") is True
    chosen = {name: everything for name in names}
    for entry in document.get("outputs") or []:
        own = entry.get("parameters")
        if isinstance(own, dict) and "binary_data" in own:
            chosen[entry["name"]] = own["binary_data"] is True
    return {name for name, binary in chosen.items() if binary}


def write(
    answer: JsonObject, outputs: Tensors, specs: tuple[TensorSpec, ...], binary: set[str]
) -> Response:
    """The response with these outputs; those named in `binary` follow the JSON as bytes."""
    buffers: list[bytes] = []
    answer["outputs"] = [
        _output(tensor, outputs[tensor.name], tensor.name in binary, buffers)
        for tensor in specs
        if tensor.name in outputs
    ]
    if not binary:
        return reply(answer)
    header = strict_json.dumps(answer)
    headers = {LENGTH_HEADER: str(len(header))}
    return Response(HTTPStatus.OK, header + b"".join(buffers), MEDIA_TYPE, headers)


def _output(tensor: TensorSpec, array: Array, binary: bool, buffers: list[bytes]) -> JsonObject:
    described = {"name": tensor.name, "shape": list(array.shape), "datatype": tensor.datatype}
    if not binary:
        arrays.require_finite(array, "the model's answer")
        return {**described, "data": array.reshape(-1).tolist()}
    raw = _packed(array) if tensor.datatype == "BYTES" else array.tobytes()
    buffers.append(raw)
    return {**described, "parameters": {"binary_data_size": len(raw)}}


def _packed(array: Array) -> bytes:
    texts = [str(text).encode() for text in array.reshape(-1).tolist()]
    return b"".join(len(text).to_bytes(_LENGTH_BYTES, "little") + text for text in texts)


def _strings(raw: memoryview, what: str) -> Array:
    texts: list[str] = []
    while raw:
        end = _LENGTH_BYTES + int.from_bytes(raw[:_LENGTH_BYTES], "little")
        if len(raw) < end:
            raise Unprocessable(f"{what}: an element is longer than the data that is left")
        try:
            texts.append(bytes(raw[_LENGTH_BYTES:end]).decode())
        except UnicodeDecodeError:
            raise Unprocessable(f"{what}: an element is not UTF-8") from None
        raw = raw[end:]
    return np.array(texts, dtype=object)
