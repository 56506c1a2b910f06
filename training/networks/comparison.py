"""Learning curves side by side: recorded by a script of their own, shown on a model's card."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from serving.types import JsonObject
from training import plots

NAME = "optimisers.json"

Record = dict[str, float]


def write(folder: Path, rates: Mapping[str, float], runs: Mapping[str, Sequence[Record]]) -> None:
    """Record the runs, by optimiser, with the learning rate that each had."""
    found = {
        name: {"learning_rate": rates[name], "epochs": list(run)} for name, run in runs.items()
    }
    (folder / NAME).write_text(json.dumps(found, indent=1) + "\n")


def table(folder: Path, text: str) -> dict[str, JsonObject]:
    """What the runs came to, as a table of the card; none when they were not made."""
    if not (folder / NAME).exists():
        return {}
    rows = [
        [
            name,
            run["learning_rate"],
            run["epochs"][0]["loss"],
            run["epochs"][-1]["loss"],
            run["epochs"][-1]["validation_accuracy"],
        ]
        for name, run in _read(folder).items()
    ]
    columns = ["optimiser", "learning rate", "loss, first epoch", "loss, last", "accuracy"]
    return {"Optimisers": {"text": text, "columns": columns, "rows": rows}}


def draw(folder: Path, path: Path) -> None:
    """Draw the runs' losses in training and their accuracies in validation."""
    figure, (left, right) = plots.panels(2)
    for name, run in _read(folder).items():
        epochs = [record["epoch"] for record in run["epochs"]]
        left.plot(epochs, [record["loss"] for record in run["epochs"]], "o-", label=name)
        accuracies = [record["validation_accuracy"] for record in run["epochs"]]
        right.plot(epochs, accuracies, "o-", label=name)
    left.set(xlabel="epoch", ylabel="loss in training")
    right.set(xlabel="epoch", ylabel="accuracy on validation images")
    for axes in (left, right):
        axes.set_xticks(epochs)
        axes.grid(alpha=0.3)
    left.legend()
    plots.save(figure, path)


def _read(folder: Path) -> dict[str, JsonObject]:
    found: dict[str, JsonObject] = json.loads((folder / NAME).read_text())
    return found
