"""Train `pneumonia`: whether a child's chest X-ray shows pneumonia, by a small convolutional net.

An X-ray of any size comes in as bytes of grey; the graph takes the square in its middle, makes it
28 x 28 as the data are, and answers.
"""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from serving.artifact import Artifact
from serving.types import Array
from training import artifact, baseline, beside, card, evaluate, parity, plots, sample_requests
from training import variants as alternatives
from training.artifact import Contents, Lesson
from training.datasets import medmnist
from training.datasets.dataset import Dataset
from training.datasets.medmnist import LABELS, Parts
from training.door import Asked
from training.networks import comparison, ladder, network_script
from training.networks import optimise as optimising
from training.networks.fit import Batch, Run, Shuffled, Task, fit, seed_all
from training.networks.recipe import Recipe
from training.parity import Parity
from training.pneumonia.about import CARD, NOTICE
from training.pneumonia.networks import Lungs
from training.sample_requests import Answered
from training.split import Split
from training.vision import images, picture_lessons, pictures
from training.vision.picture_lessons import Fitted

HOME = Path(__file__).parent
MODEL = HOME.name
SIDE = 28
SHIPPED = "distilled"
OTHERS = ("fp32", "int8")
MEDIA_TYPE = "image/png"
RECIPE = Recipe(
    epochs=8,
    batch_size=128,
    optimiser="adamw",
    learning_rate=3e-3,
    l2=0.02,
    dropout=0.3,
    label_smoothing=0.1,
)
WIDTHS = {ladder.FULL: (16, 32, 64), "pruned": (12, 24, 48), "distilled": (8, 16, 32)}
MOST_SHIFT, MOST_TURN, MOST_LIGHT = 2, 0.15, 0.2
ATTACKED = 200
LOOK_ALIKE_LEVELS = 2.0
OPTIMISERS = """
The half-width network after five epochs of the same batches, one seed, each optimiser at a rate
that its kind is commonly given; the accuracy is on the validation images.
""".strip()


def augmented(batch: Batch, generator: torch.Generator) -> Batch:
    """X-rays UINT8 as FP32 of 0 to 1, each changed a little."""
    given, targets = batch
    moved = images.shifted(images.flipped(given, generator), MOST_SHIFT, generator)
    turned = images.turned(images.bright(moved), MOST_TURN, generator)
    return images.exposed(turned, MOST_LIGHT, generator), targets


def fair_loss(targets: Array, smoothing: float) -> nn.Module:
    """Cross-entropy that weighs both classes alike."""
    weights = len(targets) / (2 * np.bincount(targets))
    return nn.CrossEntropyLoss(torch.from_numpy(weights).float(), label_smoothing=smoothing)


def task(network: nn.Module, data: Parts, recipe: Recipe, teacher: nn.Module | None = None) -> Task:
    """Fit `network` to the training images, or to what the teacher says of them."""
    fair = fair_loss(data.train.targets, recipe.label_smoothing)
    aside = images.bright(images.pixels(data.validation.inputs))
    truth = torch.from_numpy(data.validation.targets)

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        value: Tensor = fair(model(batch[0]), batch[1])
        return value

    def validate(model: nn.Module) -> dict[str, float]:
        answers = pictures.logits(model, aside)
        right = (answers.argmax(1) == truth).float().mean()
        return {"loss": cross_entropy(answers, truth).item(), "accuracy": right.item()}

    tensors = (images.pixels(data.train.inputs), torch.from_numpy(data.train.targets))
    batches = Shuffled(tensors, recipe.batch_size, recipe.seed, augmented)
    return Task(network, batches, optimising.taught(teacher) if teacher else loss, validate)


def full(data: Parts, recipe: Recipe) -> tuple[Lungs, Run]:
    """The full network, fitted."""
    seed_all(recipe.seed)
    network = Lungs(recipe, WIDTHS[ladder.FULL])
    folder = network_script.checkpoints(MODEL) / ladder.FULL
    return network, fit(task(network, data, recipe), recipe, folder)


def smaller(network: Lungs, data: Parts, recipe: Recipe) -> dict[str, Lungs]:
    """The pruned network, fitted again at a lower rate, and the distilled one."""
    places = network_script.checkpoints(MODEL)
    again = replace(recipe, epochs=recipe.epochs // 2, learning_rate=recipe.learning_rate / 3)
    pruned = Lungs(recipe, WIDTHS["pruned"])
    optimising.copy_strongest(network.chain(), pruned.chain())
    fit(task(pruned, data, again), again, places / "pruned")
    seed_all(recipe.seed)
    student = Lungs(replace(recipe, dropout=0.0), WIDTHS["distilled"])
    longer = replace(recipe, epochs=2 * recipe.epochs, dropout=0.0)
    fit(task(student, data, longer, network), longer, places / "distilled")
    return {"pruned": pruned, "distilled": student}


def answered(fitted: Fitted, pictures: Array) -> Answered:
    """The predictions as they are served, notice and all."""
    plain = sample_requests.classified(fitted.answers(pictures), LABELS)
    noticed = [{**prediction, "notice": NOTICE} for prediction in plain.predictions]
    return plain._replace(predictions=noticed)


def describe(fitted: Fitted, data: Parts, answers: Array) -> Contents:
    """What the artifact says beside the graph."""
    shown = data.test.take(sample_requests.spread(data.test.targets, 5)).inputs
    large = shown[1].repeat(8, axis=0).repeat(8, axis=1)
    named = [
        ("png_of_28_by_28", shown[0]),
        ("png_of_224_by_224", large),
        ("png_wider_than_high", np.pad(shown[2], ((0, 0), (6, 6), (0, 0)))),
    ]
    figures = evaluate.classification(answers, data.test.targets, LABELS)
    figures["sensitivity"] = figures.pop("recall_pneumonia")
    figures["specificity"] = figures.pop("recall_normal")
    return Contents(
        task="image_classification",
        details={"labels": list(LABELS), "image": {"channels": 1}, "notice": NOTICE},
        figures=figures,
        examples=sample_requests.pictures(
            named, shown[3:5], lambda pictures: answered(fitted, pictures)
        ),
        baseline=baseline.classification(
            baseline.image_features(data.train.inputs), answers, LABELS
        ),
        variant=SHIPPED,
    )


def tables(fitted: Fitted, data: Parts, answers: Array) -> dict[str, object]:
    """What the card says beside the figures."""
    aside = fitted.answers(data.validation.inputs)
    some = data.test.take(np.random.default_rng(0).permutation(len(data.test))[:ATTACKED])
    on_validation = evaluate.classification(aside, data.validation.targets, LABELS)
    return {
        "Validation": {
            "text": "The same figures on the validation images, from which the last bias and the "
            "temperature come: the test images are harder.",
            "columns": ["figure", "value"],
            "rows": [[name, found.value] for name, found in on_validation.items()],
        },
        **comparison.table(HOME, OPTIMISERS),
        **picture_lessons.attack_table(fitted, some),
        **picture_lessons.leakage_table(fitted, data.train, data.test, answers, LOOK_ALIKE_LEVELS),
    }


def draw(folder: Path, run: Run, data: Dataset, answers: Array) -> None:
    """The learning curves, the mistakes, and how far to trust an answer."""
    figure, (left, middle, right) = plots.panels(3)
    picture_lessons.draw_learning(left, run.history)
    plots.confusion(middle, answers.argmax(axis=1), data.targets, LABELS)
    picture_lessons.draw_trust(right, answers, data.targets)
    plots.save(figure, folder / "learning.png")
    ladder.draw(HOME, folder / ladder.PLOT)
    comparison.draw(HOME, folder / "optimisers.png")


def balance(network: Lungs, aside: Dataset) -> None:
    """Move the last bias to where as large a share of each class is right, on the images aside.

    Sensitivity then equals specificity there, whatever the classes' shares in training.
    """
    answers = pictures.logits(network, images.bright(images.pixels(aside.inputs))).numpy()
    lead, sick = answers[:, 1] - answers[:, 0], aside.targets == 1
    gaps = [abs((lead[sick] >= point).mean() - (lead[~sick] < point).mean()) for point in lead]
    with torch.no_grad():
        network[-1].bias[1] -= float(lead[int(np.argmin(gaps))])


def variants(data: Parts, recipe: Recipe) -> tuple[dict[str, Fitted], Run]:
    """All networks of the ladder, calibrated, and how the full one learned."""
    network, run = full(data, recipe)
    networks = {ladder.FULL: network, **smaller(network, data, recipe)}
    for one in networks.values():
        balance(one, data.validation)
    return {
        name: picture_lessons.calibrated(MODEL, one, data.validation, SIDE, LABELS)
        for name, one in networks.items()
    }, run


def recorded(fitted: Fitted, data: Parts, recipe: Recipe, same: Parity) -> Lesson:
    """How the model was trained, and what was measured beside its figures."""
    return Lesson(
        source=data.train.source,
        rows=Split(np.arange(len(data.train)), np.arange(len(data.test))),
        framework=f"torch {torch.__version__.partition('+')[0]}",
        method=f"convolutional network of widths {WIDTHS[SHIPPED]}, {SHIPPED}",
        seed=recipe.seed,
        parity=same,
        asked=Asked(len(data.test), MEDIA_TYPE),
        drawn=f"as published; a further {len(data.validation)} are for validation",
        notes={
            "recipe": asdict(recipe),
            "temperature": fitted.warmth,
            "tables": tables(fitted, data, same.answers),
        },
    )


def optimise(recipe: Recipe) -> None:
    """Measure the variants and record the ladder."""
    data = medmnist.pneumonia()
    fitted, _ = variants(data, recipe)
    picture_lessons.climb(HOME, picture_lessons.graphs(fitted, data.train), data.test)


def train(recipe: Recipe, out: Path) -> Artifact:
    """Fit, optimise, check and write everything there is of the model."""
    data = medmnist.pneumonia()
    fitted, run = variants(data, recipe)
    graphs = picture_lessons.graphs(fitted, data.train)
    shipped, graph = fitted[SHIPPED], graphs[SHIPPED]
    expected = shipped.answers(data.test.inputs)
    same = parity.check(graph, data.test.inputs, expected)
    contents = describe(shipped, data, same.answers)
    lesson = recorded(shipped, data, recipe, same)
    written = artifact.write(out, MODEL, graph, contents, lesson)
    files = [sample_requests.png(image) for image in data.test.inputs]
    picture_lessons.require_same(shipped, written.folder, files, MEDIA_TYPE, expected)
    others = {name: graphs[name] for name in OTHERS}
    written = alternatives.ship(out, HOME, ladder.read(HOME).passed(others))
    draw(out / "plots", run, data.test, same.answers)
    card.write(out, written.manifest, CARD, beside.tables(HOME, written.manifest))
    return written


if __name__ == "__main__":
    network_script.main(train, RECIPE, __file__)
