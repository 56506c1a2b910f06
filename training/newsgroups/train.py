"""Train `newsgroups`: which of twenty groups an article is for, by a linear classifier of words.

Words, each counted once and weighed by rarity, beat the small network of `reference.py` in
accuracy, size and time, so they are what is shipped.
"""

from pathlib import Path

import numpy as np

from serving.artifact import Artifact
from serving.types import Array, JsonObject
from training import beside, card, evaluate, plots, script
from training.datasets import newsgroups
from training.datasets.dataset import Dataset
from training.newsgroups.about import CARD
from training.texts import linear_texts, text_lessons, text_training, tokens
from training.texts.text_reader import Reader
from training.texts.text_training import Plan, Trained

HOME = Path(__file__).parent
WORDS = 60_000
LONGEST = 1024
WORST = 15

PLAN = Plan(
    home=HOME,
    important=linear_texts.rarity,
    slacks=(0.03, 0.1, 0.3),
    characters=200_000,
    method="linear support vector machines on words, weighed by rarity, in INT8",
    drawn="posted later, as the collection is split by its authors",
)


def fit(seed: int) -> Trained:
    """The machine in full precision, by the words that the training texts have."""
    seen, unseen = newsgroups.load()
    reader = Reader(tokens.words(seen.inputs, WORDS), LONGEST)
    return text_training.fit(PLAN, reader, seen, unseen, seed)


def optimise(seed: int) -> None:
    """Measure the ladder and record it."""
    text_training.optimise(fit(seed))


def stripped_table(one: Trained) -> dict[str, JsonObject]:
    """The accuracy on what is left of the articles without headers, quotes and signatures."""
    delivered = list(one.unseen.inputs)
    rows = []
    for name, texts in (
        ("as delivered", delivered),
        ("stripped", [newsgroups.stripped(text) for text in delivered]),
    ):
        answers = linear_texts.answers(one.exact, one.reader.matrix(texts))
        found = evaluate.accuracy(answers, one.unseen.targets)
        rows.append([name, found.value, f"{found.low:.4f} to {found.high:.4f}"])
    return {
        "Stripped": {
            "text": "Without headers, quotes and signatures, by scikit-learn's rules; "
            "the model is the same one, trained on articles as delivered, in full precision.",
            "columns": ["articles", "accuracy", "95 % interval"],
            "rows": rows,
        }
    }


def draw(path: Path, unseen: Dataset, answers: Array) -> None:
    """Which groups are found, which are mistaken for which, how far answers are to be trusted."""
    figure, (left, middle, right) = plots.panels(3, height=5.2)
    winners, labels = answers.argmax(axis=1), np.array(unseen.labels)
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(counts, (unseen.targets, winners), 1)
    found = counts.diagonal() / counts.sum(axis=1)
    order = np.argsort(found)
    plots.bars(left, labels[order], found[order], x="share that is found")
    np.fill_diagonal(counts, 0)
    worst = [np.unravel_index(k, counts.shape) for k in np.argsort(-counts, axis=None)[:WORST]]
    names = [f"{labels[true]}\nas {labels[said]}" for true, said in worst]
    plots.bars(middle, names, np.array([counts[pair] for pair in worst]), x="articles mistaken")
    middle.tick_params(axis="y", labelsize=6)
    text_lessons.draw_trust(right, answers, unseen.targets)
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    one = fit(seed)
    written, answers = text_training.write(one, out, stripped_table(one))
    draw(out / "plots" / "held_out.png", one.unseen, answers)
    text_lessons.draw_records(HOME, out / "plots")
    card.write(out, written.manifest, CARD, beside.tables(HOME, written.manifest))
    return written


if __name__ == "__main__":
    script.main(train, __file__)
