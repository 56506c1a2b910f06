"""Image classifiers on their way out of torch: the network to ONNX, the picture's way around it."""

import logging

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from serving.types import Array
from training.export import OPSET, Graph
from training.vision.squares import add_squares, squares

# It warns at each export that torchvision is not there, which nothing here needs.
logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)


def to_onnx(network: nn.Module, example: Tensor) -> onnx.ModelProto:
    """A network of one input and one output, of any batch size."""
    program = torch.onnx.export(
        network.eval(),
        (example,),
        dynamo=True,
        dynamic_shapes=({0: Dim.DYNAMIC},),
        opset_version=OPSET,
        input_names=["given"],
        output_names=["logits"],
        external_data=False,
        verbose=False,
    )
    return cleaned(program.model_proto)


def cleaned(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph alone: no notes of the exporter, no opset that it does not use."""
    used = {node.domain for node in model.graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:], model.functions[:], model.metadata_props[:]
    model.opset_import.extend(kept)
    del model.graph.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.ClearField("doc_string")
    return model


def classifier(
    name: str, network: onnx.ModelProto, side: int, channels: int, classes: int, warmth: float
) -> bytes:
    """A network of squares FP32 (N, C, side, side) as a graph of pictures UINT8 (N, H, W, C).

    `warmth` divides the logits before softmax.
    """
    graph = Graph(name)
    picture = graph.input("image", "UINT8", ("N", "H", "W", channels))
    (logits,) = graph.include("net_", network, add_squares(graph, picture, side, channels))
    factor = graph.constant("temperature", np.array(warmth, dtype=np.float32))
    graph.add("Softmax", graph.add("Div", logits, factor), axis=-1, output="probabilities")
    graph.output("probabilities", "FP32", ("N", classes))
    return graph.finish()


def probabilities(network: nn.Module, pictures: Array, side: int, warmth: float) -> Array:
    """What torch answers to pictures UINT8 (N, H, W, C): FP32 (N, classes)."""
    given = squares(torch.from_numpy(np.ascontiguousarray(pictures)), side)
    return (logits(network, given) / warmth).softmax(1).numpy()


def logits(network: nn.Module, images: Tensor, batch_size: int = 500) -> Tensor:
    """The network's answers (N, classes), batch by batch, without gradients."""
    with torch.no_grad():
        return torch.cat([network(part) for part in images.split(batch_size)])


def temperature(answers: Tensor, targets: Tensor) -> float:
    """What the logits (N, C) of rows not trained on must be divided by to be calibrated."""
    warmth = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([warmth], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = nn.functional.cross_entropy(answers.double() / warmth, targets)
        value.backward()
        return value

    optimiser.step(loss)
    return round(warmth.item(), 4)
