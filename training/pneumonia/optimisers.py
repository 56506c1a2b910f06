"""Compare six optimisers on `pneumonia`: the half-width network, five epochs, the same batches.

    python -m training.pneumonia.optimisers

One seed and one learning rate each: it shows what they are like, not which is best.
"""

from dataclasses import replace

import torch

from training.datasets import medmnist
from training.datasets.medmnist import Parts
from training.networks import comparison
from training.networks.fit import fit, seed_all
from training.networks.network_script import checkpoints
from training.pneumonia.networks import Lungs
from training.pneumonia.train import HOME, MODEL, RECIPE, WIDTHS, task

EPOCHS = 5
RATES = {
    "sgd": 0.05,
    "momentum": 0.02,
    "adagrad": 0.01,
    "rmsprop": 1e-3,
    "adam": 2e-3,
    "adamw": 2e-3,
}


def learn(optimiser: str, data: Parts) -> list[comparison.Record]:
    """The records of a short run."""
    recipe = replace(
        RECIPE,
        optimiser=optimiser,
        learning_rate=RATES[optimiser],
        epochs=EPOCHS,
        patience=0,
        l2=RECIPE.l2 if optimiser == "adamw" else 0.0,
    )
    seed_all(recipe.seed)
    network = Lungs(recipe, WIDTHS["distilled"])
    folder = checkpoints(MODEL) / f"optimiser_{optimiser}"
    return fit(task(network, data, recipe), recipe, folder).history


def main() -> None:
    """Run all six and record what came of it."""
    torch.set_num_threads(1)
    data = medmnist.pneumonia()
    comparison.write(HOME, RATES, {name: learn(name, data) for name in RATES})


if __name__ == "__main__":
    main()
