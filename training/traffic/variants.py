"""Variants of the network of `traffic`: rounded, pruned, or taught by it."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from training.networks import optimise
from training.networks.fit import Batch, Run, seed_all
from training.networks.recipe import Recipe
from training.release import graphs
from training.traffic import fitting
from training.traffic.fitting import Loss
from training.traffic.network import THOUSAND, Road
from training.traffic.weeks import Windows

HALF, QUARTER = 64, 32
MATRICES = ("MatMul", "Gemm")


def int8(whole: Road, name: str) -> bytes:
    """The graph with its matrices in eight bits."""
    single = graphs.parse(fitting.graph_of(whole, name))
    small = optimise.int8_dynamic(single, MATRICES)
    return bytes(small.SerializeToString(deterministic=True))


def taught(teacher: Road) -> Loss:
    """The loss of a student: how far its answers are from the teacher's, and from the truth."""
    teacher = teacher.eval()

    def loss(student: nn.Module, batch: Batch) -> Tensor:
        context, future, _ = batch
        with torch.no_grad():
            said = teacher(context, future)
        pairs = zip(student(context, future), said, strict=True)
        apart = sum(((found - wanted) / THOUSAND).abs().mean() for found, wanted in pairs)
        return apart + fitting.loss(student, batch)

    return loss


def pruned(seen: Windows, known: Windows, teacher: Road, recipe: Recipe, work: Path) -> Road:
    """The strongest half of the teacher's neurons, fitted again and calibrated."""
    again = replace(recipe, epochs=4, learning_rate=recipe.learning_rate / 2)
    seed_all(recipe.seed)
    model = Road(HALF, again.dropout)
    for old, new in ((teacher.week, model.week), (teacher.hours, model.hours)):
        layers = [[one for one in part if isinstance(one, nn.Linear)] for part in (old, new)]
        optimise.copy_strongest(*layers)
    fitting.train(model, seen, known, again, work / "pruned")
    fitting.calibrate(model, known)
    return model


def distilled(
    seen: Windows, known: Windows, teacher: Road, recipe: Recipe, work: Path
) -> tuple[Road, Run]:
    """A narrow network that learns from the teacher, calibrated, and how it learned."""
    longer = replace(recipe, epochs=6, learning_rate=1.5 * recipe.learning_rate)
    seed_all(recipe.seed)
    model = Road(QUARTER, dropout=0.0)
    run = fitting.train(model, seen, known, longer, work / "distilled", taught(teacher))
    fitting.calibrate(model, known)
    return model, run
