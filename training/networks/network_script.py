"""The command line of a `train.py` that fits a network: its recipe, and where to write.

A finished or interrupted run of the same recipe is gone on with from its checkpoint in `build/`,
unless `--fresh` asks for a new one.  One thread by default: more change sums and so the digest.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from serving.artifact import Artifact
from training import script
from training.networks import recipe as recipes
from training.networks.recipe import Recipe

Train = Callable[[Recipe, Path], Artifact]


def main(train: Train, default: Recipe, file: str) -> None:
    """Train as the arguments say, by default into the script's folder, and print the figures."""
    home = Path(file).parent
    parser = argparse.ArgumentParser(description=f"Train {home.name} and write its artifact.")
    recipes.add_arguments(parser, default)
    parser.add_argument("--out", type=Path, default=home, help="folder for artifact, card, plots")
    parser.add_argument("--threads", type=int, default=1, help="of a CPU")
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoints in build/")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.fresh:
        shutil.rmtree(checkpoints(home.name), ignore_errors=True)
    recipe = recipes.from_arguments(options)
    if os.environ.get("RANK", "0") != "0":  # of several processes, the first one writes
        with tempfile.TemporaryDirectory() as elsewhere:
            train(recipe, Path(elsewhere))
        return
    print(script.summary(train(recipe, options.out)))


def checkpoints(model: str) -> Path:
    """Where a model's runs keep their checkpoints and metrics."""
    return Path(__file__).parents[2] / "build" / "training" / model
