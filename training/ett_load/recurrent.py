"""Fit recurrent networks to the windows of `ett_load`, to be held against the linear model.

    python -m training.ett_load.recurrent

A GRU or LSTM reads the context day by day, 24 standardised hours at a time and all relative to the
last, one series like another, and a dense layer writes the 720 hours.  Needs torch.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.datasets import transformer_load
from training.ett_load.compare import RECURRENT
from training.ett_load.months import (
    CONTEXT,
    HORIZON,
    HORIZONS,
    TEST_END,
    TRAIN_END,
    VALIDATION_END,
    Months,
)
from training.ett_load.nlinear import DAY
from training.networks.fit import Shuffled, Task, fit, seed_all
from training.networks.recipe import Recipe, initialise

HIDDEN = 128
STRIDE = 3  # every third window trains: its neighbours are nearly the same
VALIDATION_STRIDE = 24
KINDS = {"GRU": nn.GRU, "LSTM": nn.LSTM}
RECIPE = Recipe(
    epochs=8, batch_size=256, learning_rate=1e-3, schedule="cosine", dropout=0.2, patience=3
)


class Recurrent(nn.Module):
    """Contexts (N, L) of one standardised series each to what follows (N, H)."""

    def __init__(self, kind: str, recipe: Recipe) -> None:
        super().__init__()
        self.days = KINDS[kind](DAY, HIDDEN, batch_first=True)
        self.drop = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(HIDDEN, HORIZON)
        initialise(self, recipe)

    def forward(self, contexts: Tensor) -> Tensor:
        last = contexts[:, -1:]
        moves = (contexts - last).reshape(len(contexts), -1, DAY)
        states, _ = self.days(moves)
        return last + self.head(self.drop(states[:, -1]))


def flat(months: Months, start: int, end: int, horizon: int, stride: int) -> tuple[Tensor, Tensor]:
    """Every so many windows, standardised, a row for each series: (N C, L) and (N C, h)."""
    pair = months.windows(start, end, horizon)
    return tuple(
        torch.from_numpy(
            np.float32(part[::stride] / months.scale).transpose(0, 2, 1).reshape(-1, part.shape[1])
        )
        for part in pair
    )


def error(model: nn.Module, contexts: Tensor, truths: Tensor) -> float:
    """The mean squared error over the first hours (N, h)."""
    with torch.no_grad():
        parts = [
            ((model(some)[:, : then.shape[1]] - then) ** 2).mean(dim=1)
            for some, then in zip(contexts.split(1024), truths.split(1024), strict=True)
        ]
    return float(torch.cat(parts).mean())


def train(kind: str, months: Months, recipe: Recipe, folder: Path) -> nn.Module:
    """Fit one network, with the weights that validate best."""
    seed_all(recipe.seed)
    model = Recurrent(kind, recipe)
    seen = flat(months, 0, TRAIN_END, HORIZON, STRIDE)
    known = flat(months, TRAIN_END, VALIDATION_END, HORIZON, VALIDATION_STRIDE)
    task = Task(
        model,
        Shuffled(seen, recipe.batch_size, recipe.seed),
        loss=lambda model, batch: nn.functional.mse_loss(model(batch[0]), batch[1]),
        validate=lambda model: {"loss": error(model, *known)},
    )
    fit(task, recipe, folder)
    return model


def main() -> None:
    """Fit each kind and record its errors on the test months."""
    parser = argparse.ArgumentParser(description="Fit recurrent networks to ETTh1.")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "ett_load")
    options = parser.parse_args()
    torch.set_num_threads(1)
    months = Months(transformer_load.load())
    scores = {}
    for kind in KINDS:
        model = train(kind, months, RECIPE, options.work / kind)
        scores[kind] = [
            round(error(model, *flat(months, VALIDATION_END, TEST_END, horizon, 1)), 4)
            for horizon in HORIZONS
        ]
        print(kind, scores[kind])
    text = (
        f"GRU and LSTM read the {CONTEXT} hours day by day into {HIDDEN} states; "
        f"{RECIPE.epochs} epochs at most on every {STRIDE}rd window, with {RECIPE.optimiser}."
    )
    RECURRENT.write_text(json.dumps({"text": text, "mse": scores}, indent=2) + "\n")


if __name__ == "__main__":
    main()
