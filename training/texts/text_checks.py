"""What a card says of a text model beside its figures: typos, twins, leakage, and the HTTP door."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from serving.types import Array, JsonObject
from training import door, evaluate, leakage
from training.datasets.dataset import Dataset
from training.parity import ParityError
from training.texts import typos

DOOR_TEXTS = 400
MEDIA_TYPE = "text/plain"
_TYPO_TEXTS = 2000
_TYPO_SHARES = (0.0, 0.05, 0.1, 0.2)
_SMALLEST = 1e-15

Answer = Callable[[Sequence[str]], Array]


def typo_table(answer: Answer, unseen: Dataset) -> dict[str, JsonObject]:
    """The accuracy on some of the unseen texts when a share of their words has a typo."""
    chosen = unseen.take(np.linspace(0, len(unseen) - 1, min(_TYPO_TEXTS, len(unseen))).astype(int))
    rows = []
    for share in _TYPO_SHARES:
        found = evaluate.accuracy(answer(typos.spoil(chosen.inputs, share)), chosen.targets)
        rows.append([f"{share:.0%}", found.value, f"{found.low:.4f} to {found.high:.4f}"])
    return {
        "Typos": {
            "text": "A typo swaps, drops, doubles or mistakes a letter of a word; "
            f"on {len(chosen)} held-out texts.",
            "columns": ["words with a typo", "accuracy", "95 % interval"],
            "rows": rows,
        }
    }


def leakage_table(
    seen: Dataset, unseen: Dataset, of_seen: Array, of_unseen: Array
) -> dict[str, JsonObject]:
    """Twins between the parts, and whether answers (N, C) betray which texts were trained on."""
    known = {_folded(text) for text in seen.inputs}
    twins = np.array([_folded(text) in known for text in unseen.inputs])
    alone = evaluate.accuracy(of_unseen[~twins], unseen.targets[~twins])
    membership = leakage.membership(_losses(of_seen, seen), _losses(of_unseen, unseen))
    return {
        "Leakage": {
            "text": "Twins are equal but for space and case.\nMembership is guessed from the "
            "probability of the true class: an AUC of 0.5 is chance, 1 a model that tells.",
            "columns": ["what", "value"],
            "rows": [
                ["twins within the training texts", str(len(seen) - len(known))],
                ["held-out texts with a twin in training", str(int(twins.sum()))],
                ["accuracy on held-out texts without one", alone.value],
                ["membership inference, AUC", membership],
            ],
        }
    }


def require_same_at_the_door(folder: Path, texts: Sequence[str], expected: Array) -> None:
    """Ask the artifact in `folder` over HTTP, raw text to label, and compare (N, C).

    Raises ParityError.
    """
    bodies = (text.encode() for text in texts)
    found = door.predictions(folder, bodies, MEDIA_TYPE)
    for number, (prediction, row) in enumerate(zip(found, expected, strict=True)):
        scores = prediction["scores"]
        door.require_same(number, np.array(list(scores.values())), row)
        likeliest = list(scores)[row.argmax()]
        if prediction["label"] != likeliest:
            raise ParityError(
                f"text {number} is answered {prediction['label']}, expected {likeliest}"
            )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _losses(answers: Array, texts: Dataset) -> Array:
    return -np.log(answers[np.arange(len(texts)), texts.targets].clip(_SMALLEST))
