"""The probe: what the ONNX checker and onnxruntime make of a graph, found out in a sandbox.

Both are native code that reads a stranger's file, and onnxruntime computes constants while it
loads, so neither sees a graph outside of a confined child.  `signature` is for everybody; it starts
this very module as that child.
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx
import onnxruntime as ort

from serving.datatypes import FROM_ONNX
from serving.manifest import TensorSpec
from serving.types import JsonObject
from training.release import sandbox

_ONLY_ERRORS = 3


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of a graph as onnxruntime states them; -1 is a free dimension."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def signature(graph: Path, memory_mb: int, limit_s: float) -> Signature:
    """Check the graph's structure and load it.

    Raises SandboxError when it is malformed, cannot be loaded, or breaks out of memory or time.
    """
    arguments = [str(graph.resolve()), str(memory_mb), str(limit_s)]
    found = sandbox.run("training.release.probe", arguments, limit_s)
    return Signature(_specs(found["inputs"]), _specs(found["outputs"]))


def main(graph: str, memory_mb: str, limit_s: str) -> None:
    """Be the child: check, load, and print the signature as JSON."""
    sandbox.confine(int(memory_mb), float(limit_s))
    raw = Path(graph).read_bytes()
    try:
        onnx.checker.check_model(raw, full_check=True)
        session = ort.InferenceSession(raw, _options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # neither library's errors share a base
        sys.exit(sandbox.one_line(error))
    found = {
        "inputs": [_described(node) for node in session.get_inputs()],
        "outputs": [_described(node) for node in session.get_outputs()],
    }
    print(json.dumps(found))


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_ERRORS
    return options


def _described(node: ort.NodeArg) -> JsonObject:
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return asdict(TensorSpec(node.name, FROM_ONNX.get(node.type, node.type), shape))


def _specs(entries: list[JsonObject]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(entry["name"], entry["datatype"], tuple(entry["shape"])) for entry in entries
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
