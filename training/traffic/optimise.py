"""Measure the variants of `traffic` on the held-out months.

    python -m training.traffic.optimise

The score is the share of the seasonal naive forecast's error that is saved.  int8 is dynamic, of
all matrices; pruned keeps the strongest half of the neurons and is fitted again; distilled is a
network of a quarter of the width that learns what the whole one answers.  Needs the checkpoint that
training has left.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from training.datasets import road_traffic
from training.evaluate import Figure
from training.networks import ladder, optimise
from training.networks.fit import Batch, seed_all
from training.release import graphs
from training.series import forecasting
from training.traffic import fitting, weeks
from training.traffic.fitting import Loss
from training.traffic.network import THOUSAND, Road
from training.traffic.train import HOME, MODEL, RECIPE, WORK, parts
from training.traffic.weeks import Windows

HALF, QUARTER = 64, 32
AGAIN = replace(RECIPE, epochs=4, learning_rate=1e-3)
STEP = 3  # every third held-out window is asked
MATRICES = ("MatMul", "Gemm")


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


def pruned(seen: Windows, known: Windows, teacher: Road) -> Road:
    """The strongest half of the teacher's neurons, fitted again."""
    model = Road(HALF, AGAIN.dropout)
    for old, new in ((teacher.week, model.week), (teacher.hours, model.hours)):
        layers = [[one for one in part if isinstance(one, nn.Linear)] for part in (old, new)]
        optimise.copy_strongest(*layers)
    fitting.train(model, seen, known, AGAIN, WORK / "pruned")
    return model


def distilled(seen: Windows, known: Windows, teacher: Road) -> Road:
    """A narrow network that learns from the teacher."""
    model = Road(QUARTER, dropout=0.0)
    recipe = replace(AGAIN, epochs=6, learning_rate=3e-3)
    fitting.train(model, seen, known, recipe, WORK / "distilled", taught(teacher))
    return model


def score(graph: bytes, windows: Windows) -> Figure:
    """The share of the seasonal naive forecast's error that the graph's median saves."""
    _, bands = forecasting.ask(graph, windows.inputs(), 256)
    errors = np.abs(bands[:, :, 0, 1] - windows.truths)
    naive = np.abs(weeks.last_week(windows) - windows.truths)
    return forecasting.skill(errors, naive, forecasting.WEEK // STEP)


def main() -> None:
    """Measure each variant and record the ladder."""
    torch.set_num_threads(1)
    seen, known, unseen = parts(road_traffic.load())
    seed_all(RECIPE.seed)
    teacher = Road(dropout=RECIPE.dropout)
    fitting.train(teacher, seen, known, RECIPE, WORK / "full")
    fitting.calibrate(teacher, known)
    whole = fitting.export(teacher, MODEL)
    single = fitting.graph_of(teacher, MODEL)
    small = optimise.int8_dynamic(graphs.parse(single), MATRICES)
    variants = {ladder.FULL: whole, "int8": bytes(small.SerializeToString(deterministic=True))}
    for name, make in (("pruned", pruned), ("distilled", distilled)):
        model = make(seen, known, teacher)
        fitting.calibrate(model, known)
        variants[name] = fitting.export(model, MODEL)
    asked = unseen.take(slice(None, None, STEP))
    feeds = [unseen.take(slice(0, count)).inputs() for count in (1, 8)]
    rungs = []
    for name, graph in variants.items():
        rungs.append(ladder.measure(name, graph, score(graph, asked), *feeds))
        print(rungs[-1])
    ladder.write(HOME, rungs, "share of the naive error saved")
    ladder.draw(HOME, HOME / "plots" / "ladder.png")


if __name__ == "__main__":
    main()
