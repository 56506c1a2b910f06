"""Train `reviews_zh`: is a Chinese review good or bad, by a linear classifier of runs of pieces.

Pieces are those of a byte-pair encoding of the training reviews themselves; a review's runs of up
to three of them, each counted once, are weighed by how they differ between good and bad ones.
"""

from pathlib import Path

from serving.artifact import Artifact
from training import beside, card, script, split
from training.datasets import chinese_reviews
from training.reviews_zh.about import CARD
from training.texts import linear_texts, text_lessons, text_training, tokens
from training.texts.text_reader import Reader
from training.texts.text_training import Plan, Trained

HOME = Path(__file__).parent
HELD_OUT = 0.1
PIECES = 12_000
LONGEST_PIECE = 4
LONGEST = 512
BUCKETS = 2**19
RUN = 3

PLAN = Plan(
    home=HOME,
    important=linear_texts.contrast,
    slacks=(0.3, 1.0, 3.0),
    characters=10_000,
    method="linear support vector machine on runs of byte-pair pieces, weighed by log ratio, INT8",
    drawn="a fixed tenth, with the same share of each class, seed 0: the first, not the best",
)


def fit(seed: int) -> Trained:
    """The machine in full precision."""
    data = chinese_reviews.load()
    rows = split.hold_out(data.targets, share=HELD_OUT)
    seen, unseen = data.take(rows.train), data.take(rows.held_out)
    tokenizer = tokens.pieces(seen.inputs, PIECES, LONGEST_PIECE)
    return text_training.fit(PLAN, Reader(tokenizer, LONGEST, BUCKETS, RUN), seen, unseen, seed)


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
