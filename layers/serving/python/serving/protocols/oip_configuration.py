"""The model configuration extension of the Open Inference Protocol, as Triton defines it.

The answer has those fields of Triton's `ModelConfig` that say something of a model served here.
Specification: triton-inference-server/server, `docs/protocol/extension_model_configuration.md`.
"""

from serving.manifest import TensorSpec
from serving.service import Service
from serving.types import JsonObject

# Open Inference Protocol names that are not Triton's own with `TYPE_` before them.
_OTHER_NAMES = {"BYTES": "STRING"}


def configuration(service: Service) -> JsonObject:
    """Answer `GET /v2/models/M/config`; a batch's own dimension is left out of each tensor's."""
    manifest = service.manifest
    batched = all(tensor.shape[:1] == (-1,) for tensor in (*manifest.inputs, *manifest.outputs))
    return {
        "name": service.name,
        "platform": "onnxruntime_onnx",
        "backend": "onnxruntime",
        "version_policy": {"specific": {"versions": [int(service.version)]}},
        "max_batch_size": service.limits.batch if batched else 0,
        "input": [_tensor(tensor, batched) for tensor in manifest.inputs],
        "output": [_tensor(tensor, batched) for tensor in manifest.outputs],
    }


def _tensor(tensor: TensorSpec, batched: bool) -> JsonObject:
    name = _OTHER_NAMES.get(tensor.datatype, tensor.datatype)
    dims = tensor.shape[1:] if batched else tensor.shape
    return {"name": tensor.name, "data_type": f"TYPE_{name}", "dims": list(dims)}
