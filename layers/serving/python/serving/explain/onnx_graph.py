"""An ONNX graph's nodes and constants, read from its bytes.

The `onnx` package is no part of what serves, and onnxruntime shows no nodes.  This reads the wire
format of Protocol Buffers (varints, and fields of given length) with the field numbers of
onnx.proto3, and of them only what plain numeric graphs need.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from serving.types import Array

# TensorProto.DataType -> how its raw data lies in memory.
_RAW = {1: "<f4", 7: "<i8", 10: "<f2", 11: "<f8"}
_WIRE_VARINT, _WIRE_FIXED64, _WIRE_LENGTH, _WIRE_FIXED32 = 0, 1, 2, 5
_FIXED = {_WIRE_FIXED64: 8, _WIRE_FIXED32: 4}


class NotPlain(Exception):
    """The bytes are no ONNX graph, or hold what this does not read."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation, with its attributes as arrays, of no dimension where they are one value."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Array]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which they can run, and constants by name."""

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)


def parse(model: bytes) -> Graph:
    """The graph of a serialised model.  Raises NotPlain."""
    graph = Graph()
    try:
        for number, content in _fields(_only(model, 7)):
            if number == 1:
                graph.nodes.append(_node(_bytes(content)))
            elif number == 5:
                name, tensor = _tensor(_bytes(content))
                graph.constants[name] = tensor
    except (IndexError, KeyError, OverflowError, ValueError) as error:
        raise NotPlain(str(error)) from None
    return graph


def _node(raw: bytes) -> Node:
    node = Node("", [], [], {})
    operator = domain = ""
    for number, content in _fields(raw):
        match number:
            case 1:
                node.inputs.append(_bytes(content).decode())
            case 2:
                node.outputs.append(_bytes(content).decode())
            case 4:
                operator = _bytes(content).decode()
            case 5:
                name, value = _attribute(_bytes(content))
                node.attributes[name] = value
            case 7:
                domain = _bytes(content).decode()
    if domain not in ("", "ai.onnx"):
        operator = f"{domain}.{operator}"
    return Node(operator, node.inputs, node.outputs, node.attributes)


def _attribute(raw: bytes) -> tuple[str, Array]:
    name, found, floats = "", np.array(np.nan), b""
    for number, content in _fields(raw):
        match number:
            case 1:
                name = _bytes(content).decode()
            case 2:
                found = np.frombuffer(_bytes(content), "<f4").reshape(())
            case 3 | 4:  # an integer, a string
                found = np.array(content)
            case 5:
                _, found = _tensor(_bytes(content))
            case 7:
                floats += _bytes(content)
                found = np.frombuffer(floats, "<f4")
    return name, found


def _tensor(raw: bytes) -> tuple[str, Array]:
    name, kind, shape, values = "", 0, [], b""
    for number, content in _fields(raw):
        match number:
            case 1:
                shape += [content] if isinstance(content, int) else _varints(content)
            case 2:
                kind = int(content)
            case 4 | 9 | 10:  # float_data, raw_data, double_data: packed, so alike
                values += _bytes(content)
            case 7:
                packed = [content] if isinstance(content, int) else _varints(content)
                values += np.array(packed, dtype=np.int64).tobytes()
            case 8:
                name = _bytes(content).decode()
            case 14 if content:  # data_location, of which 0 is here
                raise NotPlain("a tensor keeps its data in another file")
    if kind not in _RAW:
        return name, np.array(np.nan)  # of a type that no arithmetic here is done with
    return name, np.frombuffer(values, _RAW[kind]).reshape(shape)


def _only(raw: bytes, wanted: int) -> bytes:
    found = [content for number, content in _fields(raw) if number == wanted]
    if len(found) != 1:
        raise NotPlain(f"there are {len(found)} graphs, expected 1")
    return _bytes(found[0])


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: number, and an integer or bytes as its wire type says."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        number, wire = key >> 3, key & 7
        if wire == _WIRE_VARINT:
            value, at = _varint(raw, at)
            yield number, value
            continue
        size, at = _varint(raw, at) if wire == _WIRE_LENGTH else (_FIXED[wire], at)
        if not 0 <= size <= len(raw) - at:
            raise NotPlain("a field is longer than what holds it")
        yield number, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # the last byte; negative numbers are written as 64 bits
            return value - (value >> 63 << 64), at


def _varints(raw: bytes) -> list[int]:
    found, at = [], 0
    while at < len(raw):
        value, at = _varint(raw, at)
        found.append(value)
    return found


def _bytes(content: int | bytes) -> bytes:
    if isinstance(content, int):
        raise NotPlain("a field is a number, expected bytes")
    return content
