"""Measure the variants of `spoken_digits` on the official test set.

    python -m training.spoken_digits.optimise

int8 is static, in QDQ form and per channel, of the network behind the spectrogram; pruned keeps the
strongest half of the channels and is fitted again; distilled is a network of half the width that
learns what the whole one answers.  Needs the checkpoint that training has left.
"""

from dataclasses import replace

import torch

from training import evaluate, parity
from training.datasets import spoken_digits
from training.networks import ladder, optimise
from training.networks.fit import seed_all
from training.networks.ladder import Candidate
from training.networks.recipe import Recipe
from training.spoken_digits import fitting
from training.spoken_digits.fitting import Part
from training.spoken_digits.network import WIDTHS, Listener
from training.spoken_digits.train import HOME, RECIPE, WORK, graph_of, rounded
from training.vision.pictures import to_onnx

HALF = tuple(width // 2 for width in WIDTHS)
AGAIN = replace(RECIPE, epochs=4, learning_rate=1e-3, dropout=0.1)
WARMTH = 1.0  # what is likeliest does not depend on it


def small(seen: Part, known: Part, recipe: Recipe, name: str, teacher: Listener) -> Listener:
    """A network of half the width: pruned from the teacher, or taught by it."""
    seed_all(recipe.seed)
    model = Listener(HALF, recipe.dropout)
    if name == "pruned":
        model.level.load_state_dict(teacher.level.state_dict())
        optimise.copy_strongest(teacher.layers(), model.layers())
        fitting.train(model, seen, known, recipe, WORK / name)
    else:
        fitting.train(model, seen, known, recipe, WORK / name, optimise.taught(teacher))
    return model


def graphs(seen: Part, known: Part, teacher: Listener) -> dict[str, bytes]:
    """Every variant as a graph of waveforms."""
    pictures = seen.pictures()
    whole = to_onnx(teacher, pictures[:2])
    networks = {ladder.FULL: whole, "int8": rounded(whole, pictures)}
    for name, recipe in (
        ("pruned", AGAIN),
        ("distilled", replace(AGAIN, epochs=7, learning_rate=3e-3)),
    ):
        networks[name] = to_onnx(small(seen, known, recipe, name, teacher), pictures[:2])
    return {name: graph_of(network, WARMTH) for name, network in networks.items()}


def accuracy(graph: bytes, part: Part) -> evaluate.Figure:
    """The accuracy of a graph."""
    return evaluate.accuracy(parity.run(graph, part.clips.numpy(), 50), part.digits.numpy())


def main() -> None:
    """Measure each variant and record the ladder."""
    torch.set_num_threads(1)
    seen, known, unseen = fitting.parts(spoken_digits.load())
    teacher = Listener(dropout=RECIPE.dropout)
    fitting.train(teacher, seen, known, RECIPE, WORK / "full")
    one, eight = ({"waveform": unseen.clips[:count].numpy()} for count in (1, 8))
    candidates = [
        Candidate(name, graph, accuracy(graph, unseen), portable=name != "int8")
        for name, graph in graphs(seen, known, teacher).items()
    ]
    ladder.climb(HOME, candidates, (one, eight), "accuracy")


if __name__ == "__main__":
    main()
