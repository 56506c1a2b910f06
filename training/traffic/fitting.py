"""Fit the network of `traffic`, calibrate its quantiles, and write it as a graph."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from serving.types import Array
from training.datasets.road_traffic import COVARIATES
from training.export import OPSET, Graph
from training.networks.fit import Batch, Run, Shuffled, Task, fit
from training.networks.recipe import Recipe
from training.series.forecasting import QUANTILES
from training.traffic.network import CONTEXT, HORIZON, THOUSAND, Road
from training.traffic.weeks import UNKNOWN, Windows
from training.vision.pictures import cleaned

STRIDE = 3  # every third window trains: its neighbours are nearly the same
_MOST_HIDDEN = 0.2  # of a context's hours, while training

Loss = Callable[[nn.Module, Batch], Tensor]


class Exact(nn.Module):
    """A copy of the network that computes in FP64: in FP32, hundredths of a car depend on who
    adds up first."""

    def __init__(self, model: Road) -> None:
        super().__init__()
        self.model = deepcopy(model).double().eval()

    def forward(self, context: Tensor, future: Tensor) -> tuple[Tensor, Tensor]:
        """FP32 to FP32."""
        mean, bands = self.model(context.double(), future.double())
        return mean.float(), bands.float()


def tensors(windows: Windows) -> Batch:
    """The windows as torch takes them."""
    return tuple(
        torch.from_numpy(np.ascontiguousarray(part))
        for part in (windows.contexts, windows.futures, windows.truths)
    )


def loss(model: nn.Module, batch: Batch) -> Tensor:
    """Squared error of the mean and pinball loss of the quantiles, where there is a truth."""
    context, future, truth = batch
    mean, bands = model(context, future)
    there = ~truth.isnan()
    apart = (truth[..., None] - bands[:, :, 0])[there] / THOUSAND
    levels = torch.tensor(QUANTILES)
    pinball = torch.maximum(levels * apart, (levels - 1) * apart).mean()
    return (((truth - mean[..., 0])[there] / THOUSAND) ** 2).mean() + 2 * pinball


def hide(batch: Batch, draw: torch.Generator) -> Batch:
    """Take some hours out of the contexts, more out of some than out of others."""
    context, *rest = batch
    share = _MOST_HIDDEN * torch.rand((len(context), 1, 1), generator=draw) ** 2
    hidden = torch.rand(context.shape, generator=draw) < share
    return context.masked_fill(hidden, UNKNOWN), *rest


def train(
    model: Road, seen: Windows, known: Windows, recipe: Recipe, folder: Path, by: Loss = loss
) -> Run:
    """Fit the model and keep what validates best."""
    held = tensors(known.take(slice(None, None, 7)))
    some = tensors(seen.take(slice(None, None, STRIDE)))
    batches = Shuffled(some, recipe.batch_size, recipe.seed, hide)
    task = Task(model, batches, by, lambda model: {"loss": loss(model, held).item()})
    return fit(task, recipe, folder)


def calibrate(model: Road, known: Windows) -> None:
    """Shift the outer quantiles so that each holds its share of the validation windows."""
    _, bands = answer(model, known)
    apart = (known.truths[..., np.newaxis] - bands[:, :, 0]) / THOUSAND
    for at in (0, len(QUANTILES) - 1):
        shift = np.nanquantile(apart[..., at], QUANTILES[at], axis=0)
        model.margins[:, at] = torch.from_numpy(np.float32(shift))


def answer(model: Road, windows: Windows) -> tuple[Array, Array]:
    """What torch answers: mean (N, HORIZON, 1) and quantiles (N, HORIZON, 1, Q)."""
    context, future, _ = tensors(windows)
    with torch.no_grad():
        parts = [model(*pair) for pair in zip(context.split(1024), future.split(1024), strict=True)]
    means, bands = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    return means, bands


def export(model: Road, name: str) -> bytes:
    """The model as a graph of any batch size, FP64 between."""
    return graph_of(Exact(model), name)


def graph_of(network: nn.Module, name: str) -> bytes:
    """A network of context and future as a graph of any batch size."""
    batch = {0: Dim.DYNAMIC}
    shapes = (CONTEXT, 1), (HORIZON, len(COVARIATES))
    program = torch.onnx.export(
        network.eval(),
        tuple(torch.zeros(2, *shape) for shape in shapes),
        dynamo=True,
        dynamic_shapes=(batch, batch),
        opset_version=OPSET,
        input_names=["given_context", "given_future"],
        # Plain names would be those of operators inside.
        output_names=["answered_mean", "answered_quantiles"],
        external_data=False,
        verbose=False,
    )
    graph = Graph(name)
    given = [
        graph.input(named, "FP32", ("N", *shape))
        for named, shape in zip(("context", "future"), shapes, strict=True)
    ]
    means, bands = graph.include("net_", cleaned(program.model_proto), *given)
    graph.add("Identity", means, output="mean")
    graph.add("Identity", bands, output="quantiles")
    graph.output("mean", "FP32", ("N", HORIZON, 1))
    graph.output("quantiles", "FP32", ("N", HORIZON, 1, len(QUANTILES)))
    return graph.finish()
