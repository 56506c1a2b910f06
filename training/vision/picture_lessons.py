"""What the image classifiers of torch have in common once they are fitted: variants, tables, plots.

A variant's network is a `Fitted`: what it takes to answer in torch and to write its graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from serving.types import Array, JsonObject
from training import door, evaluate, leakage, parity, plots
from training.datasets.dataset import Dataset
from training.networks import ladder, optimise
from training.networks.ladder import Candidate
from training.parity import ParityError
from training.vision import pictures, robustness
from training.vision.squares import squares

CALIBRATION = 256
MEMBERS = 1000
LEVELS = (1.0, 2.0, 4.0, 8.0)
_EIGHT = 8
_AT_ONCE = 50
_FEWEST = 5
_ATTACKS = {"FGSM": robustness.fgsm, "PGD, 10 steps": robustness.pgd}


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A network of squares, and the temperature that calibrates it."""

    model: str
    network: nn.Module
    side: int
    labels: tuple[str, ...]
    warmth: float
    channels: int

    def answers(self, images: Array) -> Array:
        """What torch answers to images UINT8 (N, H, W, C): probabilities (N, classes)."""
        return pictures.probabilities(self.network, images, self.side, self.warmth)

    def onnx(self) -> onnx.ModelProto:
        """The network alone."""
        return pictures.to_onnx(self.network, torch.rand(2, self.channels, self.side, self.side))

    def graph(self, network: onnx.ModelProto | None = None) -> bytes:
        """The graph of pictures; of this network in another form, when one is given."""
        inner = network or self.onnx()
        classes = len(self.labels)
        return pictures.classifier(
            self.model, inner, self.side, self.channels, classes, self.warmth
        )


def calibrated(
    model: str, network: nn.Module, aside: Dataset, side: int, labels: tuple[str, ...]
) -> Fitted:
    """A fitted network with the temperature that suits images set aside from training."""
    given = squares(torch.from_numpy(aside.inputs), side)
    warmth = pictures.temperature(pictures.logits(network, given), torch.from_numpy(aside.targets))
    return Fitted(model, network, side, labels, warmth, aside.inputs.shape[-1])


def graphs(fitted: dict[str, Fitted], seen: Dataset) -> dict[str, bytes]:
    """The ladder's graphs, int8 among them: fp32 with ranges as seen on some training images."""
    full = fitted[ladder.FULL]
    images = squares(torch.from_numpy(seen.inputs[:CALIBRATION]), full.side).numpy()
    feeds = [{"given": part} for part in np.split(images, _EIGHT)]
    small = optimise.int8_static(full.onnx(), feeds)
    return {"int8": full.graph(small), **{name: one.graph() for name, one in fitted.items()}}


def climb(
    home: Path, variants: dict[str, bytes], unseen: Dataset, points: float = ladder.POINTS
) -> None:
    """Measure the graphs on the unseen images and record the ladder, its gate this wide."""
    one, eight = ({"image": unseen.inputs[:rows]} for rows in (1, _EIGHT))
    candidates = []
    for name, graph in variants.items():
        answers = parity.run(graph, unseen.inputs, _AT_ONCE)
        score = evaluate.accuracy(answers, unseen.targets)
        candidates.append(Candidate(name, graph, score, portable=name != "int8"))
    ladder.climb(home, candidates, (one, eight), "accuracy", points)


def attack_table(fitted: Fitted, unseen: Dataset) -> dict[str, JsonObject]:
    """The accuracy when each pixel is moved against the network."""
    images = squares(torch.from_numpy(unseen.inputs), fitted.side)
    targets = torch.from_numpy(unseen.targets)
    rows: list[list[object]] = [
        ["none", *[_accuracy(fitted.network, images, targets)] * len(LEVELS)]
    ]
    for name, attack in _ATTACKS.items():
        found = [
            robustness.accuracy_under(attack, fitted.network, images, targets, levels)
            for levels in LEVELS
        ]
        rows.append([name, *found])
    return {
        "Robustness": {
            "text": f"Accuracy on {len(unseen)} held-out images when an attacker who knows the "
            "weights moves each pixel by at most so many of its 255 levels.",
            "columns": ["attack", *(f"{levels:g} levels" for levels in LEVELS)],
            "rows": rows,
        }
    }


def leakage_table(
    fitted: Fitted, seen: Dataset, unseen: Dataset, answers: Array, levels: float
) -> dict[str, JsonObject]:
    """Twins between the parts, and whether losses betray which images were trained on."""
    twins = robustness.near_twins(seen.inputs, unseen.inputs, levels)
    some = seen.take(np.linspace(0, len(seen) - 1, min(MEMBERS, len(seen))).astype(int))
    of_seen = _losses(fitted.answers(some.inputs), some.targets)
    found = leakage.membership(of_seen, _losses(answers, unseen.targets))
    alone = evaluate.accuracy(answers[~twins], unseen.targets[~twins])
    return {
        "Leakage": {
            "text": f"Look-alikes differ by less than {levels:g} of 255 levels, root mean square.\n"
            "Membership is guessed from the loss: an AUC of 0.5 is chance, 1 a model that tells.",
            "columns": ["what", "value"],
            "rows": [
                [
                    "held-out images equal to a training image",
                    str(leakage.duplicates(seen.inputs, unseen.inputs)),
                ],
                ["held-out images with a look-alike in training", str(int(twins.sum()))],
                ["accuracy on held-out images without one", alone.value],
                ["membership inference, AUC", found],
            ],
        }
    }


def require_same(
    fitted: Fitted, folder: Path, files: Sequence[bytes], media_type: str, expected: Array
) -> None:
    """Ask the artifact in `folder` over HTTP, image file to label, and compare (N, C).

    Raises ParityError.
    """
    found = door.predictions(folder, files, media_type)
    for number, (answer, row) in enumerate(zip(found, expected, strict=True)):
        scores = np.array([answer["scores"][label] for label in fitted.labels])
        door.require_same(number, scores, row)
        if answer["label"] != fitted.labels[row.argmax()]:
            raise ParityError(f"image {number} is called {answer['label']}, expected row {row}")


def draw_learning(axes: plots.Axes, history: Sequence[dict[str, float]]) -> None:
    """Draw loss and validation accuracy over the epochs."""
    epochs = [record["epoch"] for record in history]
    axes.plot(epochs, [record["loss"] for record in history], "o-", label="loss in training")
    axes.plot(
        epochs,
        [record["validation_accuracy"] for record in history],
        "o-",
        label="accuracy on images set aside",
    )
    axes.set(xlabel="epoch", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()


def draw_trust(axes: plots.Axes, answers: Array, targets: Array) -> None:
    """Draw how often the answer is right over how probable it was said to be.

    Fifths of the scale with only a handful of answers are left out.
    """
    said, right = answers.max(axis=1), answers.argmax(axis=1) == targets
    fifths = np.minimum(said * 5, 4).astype(int)
    kept = np.bincount(fifths)[fifths] >= _FEWEST
    plots.reliability(axes, said[kept], right[kept], "the answer")


def _accuracy(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    return float((pictures.logits(network, images).argmax(1) == targets).float().mean())


def _losses(answers: Array, targets: Array) -> Array:
    of_truth = torch.from_numpy(answers).log()
    return cross_entropy(of_truth, torch.from_numpy(targets), reduction="none").numpy()
