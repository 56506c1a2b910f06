"""Variants of a network: in eight bits, pruned, distilled.  `networks.ladder` measures them.

int8 by static quantisation is for convolutions, per channel, in QDQ form; the dynamic one is for
what is mostly matrices.  Quantised arithmetic differs from processor to processor, so the answers
of an int8 graph are its own, not the framework's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import onnx
import torch
from onnxruntime import quantization
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

from serving.types import Tensors
from training.networks.fit import Batch
from training.vision.pictures import cleaned

SOFTNESS = 4.0
TAUGHT = 0.7


def int8_static(network: onnx.ModelProto, feeds: Sequence[Tensors]) -> onnx.ModelProto:
    """Weights and activations in eight bits, their ranges as seen on `feeds`.

    Weights take seven of them, so that sums do not saturate where a processor lacks VNNI.
    """
    with tempfile.TemporaryDirectory() as name:
        full, ready, small = (Path(name, part) for part in ("full", "ready", "small"))
        onnx.save(network, full)
        quant_pre_process(str(full), str(ready), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(ready),
            str(small),
            _Feeds(iter(feeds)),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,
        )
        return cleaned(onnx.load(small))


def int8_dynamic(
    network: onnx.ModelProto, operators: Sequence[str], *, seven_bits: bool = False
) -> onnx.ModelProto:
    """The weights of these operators in eight bits; activations are scaled as they come.

    In seven bits no sum of products saturates, on processors without VNNI either.
    """
    with tempfile.TemporaryDirectory() as name:
        full, small = Path(name, "full"), Path(name, "small")
        onnx.save(network, full)
        quantization.quantize_dynamic(
            str(full),
            str(small),
            op_types_to_quantize=list(operators),
            per_channel=True,
            reduce_range=seven_bits,
        )
        return onnx.load(small)


def taught(teacher: nn.Module) -> Callable[[nn.Module, Batch], Tensor]:
    """The loss of a student: mostly the teacher's softened answers, partly the truth."""
    teacher = teacher.eval()

    def loss(student: nn.Module, batch: Batch) -> Tensor:
        given, targets = batch
        with torch.no_grad():
            said = softmax(teacher(given).float() / SOFTNESS, dim=1)
        answers = student(given).float()
        soft = kl_div(log_softmax(answers / SOFTNESS, dim=1), said, reduction="batchmean")
        return TAUGHT * SOFTNESS**2 * soft + (1 - TAUGHT) * cross_entropy(answers, targets)

    return loss


def copy_strongest(source: Sequence[nn.Module], target: Sequence[nn.Module]) -> None:
    """Fill a narrower copy of a chain of layers with the strongest output channels of each.

    Convolutions, normalisations and dense layers, in the order in which data pass them; a channel
    is as strong as the sum of its absolute weights.  The copy is then to be fitted again.
    """
    kept = torch.empty(0)
    for old, new in zip(source, target, strict=True):
        state = old.state_dict()
        if not isinstance(old, nn.BatchNorm2d):
            if len(kept):
                state["weight"] = state["weight"][:, kept]
            strength = state["weight"].abs().flatten(1).sum(1)
            kept = strength.topk(len(new.state_dict()["weight"])).indices.sort().values
        state = {key: value[kept] if value.dim() else value for key, value in state.items()}
        new.load_state_dict(state)


class _Feeds(CalibrationDataReader):
    def __init__(self, feeds: Iterator[Tensors]) -> None:
        self._feeds = feeds

    def get_next(self) -> Tensors | None:
        """The next feed, None after the last."""
        return next(self._feeds, None)
