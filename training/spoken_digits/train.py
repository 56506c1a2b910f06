"""Train `spoken_digits`: which digit is said, by a small network on log-mel spectrograms.

    python -m training.spoken_digits.train --epochs 14 --optimiser adamw

Needs torch; a minute on a GPU, some five on one processor core.  The same command goes on from the
checkpoint that an interrupted one has left.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from serving.artifact import Artifact
from serving.types import Array, JsonObject
from training import (
    artifact,
    baseline,
    beside,
    card,
    door,
    evaluate,
    leakage,
    parity,
    plots,
    sample_requests,
    variants,
)
from training.artifact import Contents, Lesson
from training.datasets import spoken_digits
from training.datasets.dataset import Dataset
from training.evaluate import Figures
from training.export import Graph
from training.networks import ladder, network_script, optimise
from training.networks import recipe as recipes
from training.networks.fit import Run, seed_all
from training.networks.recipe import Recipe
from training.spoken_digits import fitting, sounds
from training.spoken_digits.about import CARD
from training.spoken_digits.fitting import Part
from training.spoken_digits.network import RATE, SAMPLES, Listener, LogMel, add_log_mel
from training.vision.pictures import temperature, to_onnx

HOME = Path(__file__).parent
MODEL = HOME.name
STRANGERS = HOME / "strangers.json"
WORK = network_script.checkpoints(MODEL)
RECIPE = Recipe(
    epochs=14,
    batch_size=64,
    learning_rate=3e-3,
    l2=0.01,
    dropout=0.3,
    label_smoothing=0.05,
    patience=8,
)
DRAWN = (
    "as the data's authors drew it: takes 0 to 4 of every digit and speaker are held out, "
    "takes 5 to 9 of the others validate"
)
NOISE_DB = (30, 20, 10, 5, 0)
CALIBRATED_ON = 100
RELIABILITY_DB = 5  # without noise there are hardly mistakes to be sure or unsure of
MEDIA_TYPE = "audio/wav"

Answer = Callable[[Array], Array]
"""Clips FP32 (N, SAMPLES) to probabilities (N, 10)."""


def answers(model: Listener, warmth: float) -> Answer:
    """What torch answers."""
    listen = LogMel()

    def answer(clips: Array) -> Array:
        with torch.no_grad():
            parts = [
                (model(listen(some)) / warmth).softmax(dim=1)
                for some in torch.from_numpy(clips).split(256)
            ]
        return torch.cat(parts).numpy()

    return answer


def graph_of(network: onnx.ModelProto, warmth: float) -> bytes:
    """A network of log-mel as a graph of waveforms FP32 (N, SAMPLES)."""
    graph = Graph(MODEL)
    waveforms = graph.input("waveform", "FP32", ("N", SAMPLES))
    (logits,) = graph.include("net_", network, add_log_mel(graph, waveforms))
    factor = graph.constant("temperature", np.array(warmth, dtype=np.float32))
    graph.add("Softmax", graph.add("Div", logits, factor), axis=-1, output="probabilities")
    graph.output("probabilities", "FP32", ("N", 10))
    return graph.finish()


def rounded(network: onnx.ModelProto, pictures: Tensor) -> onnx.ModelProto:
    """The network of log-mel in eight bits, their ranges as seen on the first of some pictures."""
    feeds = [{"given": rows.numpy()} for rows in pictures[:CALIBRATED_ON].split(10)]
    return optimise.int8_static(network, feeds)


def noise_table(answer: Answer, unseen: Part) -> JsonObject:
    """The accuracy under white noise."""
    clips, digits = unseen.clips.numpy(), unseen.digits.numpy()
    rows = []
    for decibels in NOISE_DB:
        found = evaluate.accuracy(answer(sounds.with_noise(clips, decibels, seed=0)), digits)
        rows.append([f"{decibels} dB", found.value, f"{found.low:.4f} to {found.high:.4f}"])
    return {
        "text": "White noise on the held-out recordings, so many decibels below the speech.",
        "columns": ["speech over noise", "accuracy", "95 % interval"],
        "rows": rows,
    }


def leakage_table(answer: Answer, seen: Part, unseen: Part) -> JsonObject:
    """Recordings in both parts, and whether answers betray which were trained on."""
    losses = [
        -np.log(answer(part.clips.numpy())[np.arange(len(part.digits)), part.digits].clip(1e-15))
        for part in (seen, unseen)
    ]
    return {
        "text": "Membership is guessed from the loss: an AUC of 0.5 is chance, "
        "1 a model that tells.",
        "columns": ["what", "value"],
        "rows": [
            [
                "held-out recordings that are training recordings too",
                leakage.duplicates(seen.clips.numpy(), unseen.clips.numpy()),
            ],
            ["membership inference, AUC", leakage.membership(*losses)],
        ],
    }


def tables(answer: Answer, seen: Part, unseen: Part) -> dict[str, JsonObject]:
    """What the card tells beside the figures, by headings."""
    return {
        "Noise": noise_table(answer, unseen),
        "Strangers": json.loads(STRANGERS.read_text()),
        "Leakage": leakage_table(answer, seen, unseen),
    }


def describe(unseen: Dataset, clips: Array, answer: Answer, figures: Figures) -> Contents:
    """What the artifact says beside the graph."""
    shown = sample_requests.spread(unseen.targets, 6)
    probabilities = answer(clips)
    return Contents(
        task="audio_classification",
        details={
            "labels": list(unseen.labels),
            "audio": {"sample_rate": RATE, "seconds": SAMPLES / RATE},
        },
        figures=figures,
        examples=sample_requests.recordings(
            list(unseen.inputs[shown]),
            clips[shown],
            lambda some: sample_requests.classified(answer(some), unseen.labels),
        ),
        baseline=baseline.classification(features(clips), probabilities, unseen.labels),
    )


def features(clips: Array) -> dict[str, Array]:
    """What is sketched of clips: loudness, peak, and how long something is heard."""
    return {
        "loudness": np.sqrt((clips**2).mean(axis=1)),
        "peak": np.abs(clips).max(axis=1),
        "seconds": (SAMPLES - (clips[:, ::-1] != 0).argmax(axis=1)) / RATE,
    }


def draw(out: Path, run: Run, unseen: Part, answer: Answer, noise: JsonObject) -> None:
    """The learning curve, what was taken for what, noise, and reliability under noise."""
    clips, digits = unseen.clips.numpy(), unseen.digits.numpy()
    figure, (left, middle, right) = plots.panels(3)
    curves = {
        "training, with changes": run.column("loss"),
        "validation": run.column("validation_loss"),
    }
    plots.curves(left, curves, x="epoch", y="log loss")
    plots.confusion(middle, answer(clips).argmax(axis=1), digits, spoken_digits.LABELS)
    levels = [row[0] for row in noise["rows"]]
    plots.bars(right, levels, np.array([row[1] for row in noise["rows"]]), x="accuracy")
    plots.save(figure, out / "plots" / "held_out.png")
    figure, (only,) = plots.panels(1)
    noisy = answer(sounds.with_noise(clips, RELIABILITY_DB, seed=0))
    plots.reliability(only, noisy.max(axis=1), noisy.argmax(axis=1) == digits, "right")
    plots.save(figure, out / "plots" / "reliability.png")


def knock(written: Artifact, files: Array, expected: Array) -> None:
    """Ask for every held-out recording over HTTP.  Raises ParityError."""
    for number, (found, row) in enumerate(
        zip(door.predictions(written.folder, files, MEDIA_TYPE), expected, strict=True)
    ):
        scores = np.array([found["scores"][label] for label in spoken_digits.LABELS])
        door.require_same(number, scores, row)


def train(recipe: Recipe, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    recordings = spoken_digits.load()
    seen, known, unseen = fitting.parts(recordings)
    seed_all(recipe.seed)
    model = Listener(dropout=recipe.dropout)
    recipes.initialise(model, recipe)
    run = fitting.train(model, seen, known, recipe, WORK / "full")
    with torch.no_grad():
        warmth = temperature(model(known.pictures()), known.digits)
    answer = answers(model, warmth)

    rows = recordings.official_split()
    files = recordings.data.take(rows.held_out)
    clips, expected = unseen.clips.numpy(), answer(unseen.clips.numpy())
    pictures = seen.pictures()
    network = to_onnx(model, pictures[:2])
    graph = graph_of(network, warmth)
    same = parity.check(graph, clips, expected)
    figures = evaluate.classification(same.answers, files.targets, files.labels)
    told = tables(answer, seen, unseen)
    notes = {
        "recipe": asdict(recipe),
        "epochs": len(run.history),
        "temperature": warmth,
        "tables": told,
    }
    lesson = Lesson(
        source=files.source,
        rows=rows,
        framework=f"torch {torch.__version__.partition('+')[0]}",
        method="four convolutions on log-mel",
        seed=recipe.seed,
        parity=same,
        asked=door.Asked(len(files), MEDIA_TYPE),
        drawn=DRAWN,
        notes=notes,
    )
    written = artifact.write(out, MODEL, graph, describe(files, clips, answer, figures), lesson)
    knock(written, files.inputs, expected)
    others = {"int8": graph_of(rounded(network, pictures), warmth)}
    written = variants.ship(out, HOME, ladder.read(HOME).passed(others))
    draw(out, run, unseen, answer, told["Noise"])
    ladder.draw(HOME, out / "plots" / ladder.PLOT)
    card.write(out, written.manifest, CARD, beside.tables(HOME, written.manifest))
    return written


if __name__ == "__main__":
    network_script.main(train, RECIPE, __file__)
