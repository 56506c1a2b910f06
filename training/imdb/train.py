"""Train `imdb`: is a review of a film good or bad, by a linear classifier of words and pairs.

A review's words and pairs of neighbours, each counted once, are weighed by how they differ between
good and bad reviews (Wang and Manning's NB-SVM); `reference.py` trains the recurrent network to
hold that against.
"""

from pathlib import Path

from serving.artifact import Artifact
from training import beside, card, script
from training.datasets import movie_reviews
from training.imdb.about import CARD
from training.texts import linear_texts, text_lessons, text_training, tokens
from training.texts.text_reader import Reader
from training.texts.text_training import Plan, Trained

HOME = Path(__file__).parent
WORDS = 60_000
LONGEST = 1024
BUCKETS = 2**20
RUN = 2

PLAN = Plan(
    home=HOME,
    important=linear_texts.contrast,
    slacks=(1.0, 4.0),
    characters=20_000,
    method="linear support vector machine on words and pairs, weighed by log ratio, INT8",
    drawn="the official half, of other films than those to train on",
)


def fit(seed: int) -> Trained:
    """The machine in full precision."""
    seen, unseen = movie_reviews.load()
    reader = Reader(tokens.words(seen.inputs, WORDS), LONGEST, BUCKETS, RUN)
    return text_training.fit(PLAN, reader, seen, unseen, seed)


def optimise(seed: int) -> None:
    """Measure the ladder and record it."""
    text_training.optimise(fit(seed))


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    one = fit(seed)
    written, answers = text_training.write(one, out, {})
    text_lessons.draw_classes(out / "plots" / "held_out.png", one.unseen, answers)
    text_lessons.draw_records(HOME, out / "plots")
    card.write(out, written.manifest, CARD, beside.tables(HOME, written.manifest))
    return written


if __name__ == "__main__":
    script.main(train, __file__)
