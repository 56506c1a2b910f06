"""How a network is fitted: the choices by name, on a script's command line and in its manifest.

recipe = Recipe(epochs=12, optimiser="momentum", learning_rate=0.1)
"""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from math import cos, pi
from typing import Any

from torch import nn
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

OPTIMISERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "momentum": lambda groups, **named: SGD(groups, momentum=0.9, nesterov=True, **named),
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
INITIALISATIONS: dict[str, Callable[..., Any]] = {
    "xavier": nn.init.xavier_uniform_,
    "he": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
}
# The learning rate's factor at a share of all steps.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "cosine": lambda done: (1 + cos(pi * done)) / 2,
    "triangle": lambda done: 0.2 + 0.8 * done / 0.2 if done < 0.2 else (1 - done) / 0.8,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The choices; `l2` is the optimiser's weight decay, `patience` in epochs, 0 for never.

    `bfloat16` asks for it on the CPU too; elsewhere it is always taken.
    """

    epochs: int = 10
    batch_size: int = 128
    optimiser: str = "adamw"
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    initialisation: str = "he"
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    label_smoothing: float = 0.0
    patience: int = 0
    bfloat16: bool = False
    seed: int = 0


_CHOICES = {
    "optimiser": OPTIMISERS,
    "initialisation": INITIALISATIONS,
    "schedule": SCHEDULES,
}


def add_arguments(parser: argparse.ArgumentParser, default: Recipe) -> None:
    """Give a command line an option for every choice."""
    for choice in fields(Recipe):
        value = getattr(default, choice.name)
        option = f"--{choice.name.replace('_', '-')}"
        if isinstance(value, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=value)
        else:
            named = _CHOICES.get(choice.name)
            parser.add_argument(option, type=type(value), choices=named, default=value)


def from_arguments(options: argparse.Namespace) -> Recipe:
    """The recipe that the options say."""
    return replace(
        Recipe(), **{choice.name: getattr(options, choice.name) for choice in fields(Recipe)}
    )


def make_optimiser(recipe: Recipe, parameters: Iterable[Any]) -> Optimizer:
    """The named optimiser, over parameters or groups of them."""
    make = OPTIMISERS[recipe.optimiser]
    return make(parameters, lr=recipe.learning_rate, weight_decay=recipe.l2)


def initialise(model: nn.Module, recipe: Recipe) -> None:
    """Draw the weights of all convolutions and dense layers anew; biases start at zero."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv1d | nn.Linear):
            INITIALISATIONS[recipe.initialisation](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
