"""Measure the variants of `traffic` on the held-out months.

    python -m training.traffic.optimise

The score is the share of the seasonal naive forecast's error that is saved.  int8 is dynamic, of
all matrices; pruned keeps the strongest half of the neurons and is fitted again; distilled is a
network of a quarter of the width that learns what the whole one answers.  Needs the checkpoint that
training has left.
"""

import numpy as np
import torch

from training.datasets import road_traffic
from training.evaluate import Figure
from training.networks import ladder
from training.networks.ladder import Candidate
from training.series import forecasting
from training.traffic import fitting, variants, weeks
from training.traffic.network import Road
from training.traffic.train import HOME, MODEL, RECIPE, WORK, parts, teacher
from training.traffic.weeks import Windows

STEP = 3  # every third held-out window is asked


def score(graph: bytes, windows: Windows) -> Figure:
    """The share of the seasonal naive forecast's error that the graph's median saves."""
    _, bands = forecasting.ask(graph, windows.inputs(), 256)
    errors = np.abs(bands[:, :, 0, 1] - windows.truths)
    naive = np.abs(weeks.last_week(windows) - windows.truths)
    return forecasting.skill(errors, naive, forecasting.WEEK // STEP)


def graphs_of(whole: Road, seen: Windows, known: Windows) -> dict[str, bytes]:
    """Every variant as a graph."""
    rest = seen, known, whole, RECIPE, WORK
    networks = {"pruned": variants.pruned(*rest), "distilled": variants.distilled(*rest)[0]}
    return {
        ladder.FULL: fitting.export(whole, MODEL),
        "int8": variants.int8(whole, MODEL),
        **{name: fitting.export(network, MODEL) for name, network in networks.items()},
    }


def main() -> None:
    """Measure each variant and record the ladder."""
    torch.set_num_threads(1)
    seen, known, unseen = parts(road_traffic.load())
    whole = teacher(seen, known, RECIPE)
    asked = unseen.take(slice(None, None, STEP))
    one, eight = (unseen.take(slice(0, count)).inputs() for count in (1, 8))
    candidates = [
        Candidate(name, graph, score(graph, asked), portable=name != "int8")
        for name, graph in graphs_of(whole, seen, known).items()
    ]
    ladder.climb(HOME, candidates, (one, eight), "share of the naive error saved")


if __name__ == "__main__":
    main()
