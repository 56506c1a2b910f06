"""A tiny model, trained by nobody: y = 2 x, with all that an artifact of it needs."""

import numpy as np

from serving.types import Array
from training import parity, split, tabular
from training.artifact import Contents, Lesson
from training.datasets.dataset import Dataset, Feature, Source
from training.export import Graph

DATA = Dataset(
    source=Source("Numbers", "free", "counted by hand", "https://example.org/numbers"),
    inputs=np.arange(50.0).reshape(-1, 1),
    targets=2 * np.arange(50.0) + np.tile([0.5, -0.5], 25),
    features=(Feature("x", "m", "a length"),),
    target=Feature("y", "m", "twice the length"),
)
ROWS = split.hold_out(DATA.targets)


def doubled(rows: Array) -> Array:
    """The framework."""
    return 2 * rows


def graph() -> bytes:
    """The framework's answers as a graph."""
    doubling = Graph("double")
    rows = doubling.input("features", "FP32", ("N", 1))
    doubling.add("Mul", rows, doubling.constant("two", np.float32(2)), output="value")
    doubling.output("value", "FP32", ("N", 1))
    return doubling.finish()


def contents_and_lesson() -> tuple[Contents, Lesson]:
    """What a training script hands to `artifact.write`."""
    seen, unseen = DATA.take(ROWS.train), DATA.take(ROWS.held_out)
    same = parity.check(graph(), unseen.inputs.astype(np.float32), doubled(unseen.inputs))
    contents = tabular.regressor(seen, unseen, same.answers, doubled)
    lesson = Lesson(
        source=DATA.source,
        rows=ROWS,
        framework="head 1.0",
        method="doubling",
        seed=4,
        parity=same,
        notes={
            "other_splits": {
                "metric": "r2",
                "splits": 9,
                "mean": 0.75,
                "lowest": 0.5,
                "highest": 1.0,
            }
        },
    )
    return contents, lesson
