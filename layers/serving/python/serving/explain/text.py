"""Texts: how much the score falls when one token is left out.

Li, Monroe and Jurafsky, Understanding Neural Networks through Representation Erasure, 2016, with
the token taken out of the sequence, so that its neighbours stand side by side.

Tokens do not add up by themselves, as several may say the same, or only say it together.  `base`
takes what is left of the score, so that the sum holds; `blank`, the score when no token is left,
tells how much of `base` the tokens only explain together: `base - blank`.
"""

from collections.abc import Iterator
from typing import cast

from serving.explain.question import Question
from serving.explain.score import Score
from serving.tasks.text_classification import TextClassification
from serving.texts import Texts
from serving.types import JsonObject, Tensors

METHODS = ("leave_one_out",)
OPTIONS = ()
_NUMBER = {"type": "number"}
_INDEX = {"type": "integer", "minimum": 0}
_TOKEN = {"token": {"type": "string"}, "start": _INDEX, "end": _INDEX, "value": _NUMBER}
PARTS: JsonObject = {
    "tokens": {
        "type": "array",
        "description": "How much each token adds to the score, in the text's order; `start` and "
        "`end` count the text's characters, as Unicode code points.",
        "items": {"type": "object", "properties": _TOKEN, "required": [*_TOKEN]},
    },
    "blank": {**_NUMBER, "description": "The score when no token is left."},
}
_IDS_A_RUN = 65_536

Offsets = list[tuple[int, int]]


def attribute(score: Score, question: Question) -> JsonObject:
    """Divide a text's score up among its tokens: `tokens`, and `blank`."""
    texts = cast(TextClassification, score.service.task).texts
    text, ids, offsets = texts.tokens(question.instance, question.index)
    units = _units(offsets, score.service.limits.explain_tokens)
    whole, blank, *without = score(_versions(texts, ids, units)).tolist()
    spans = [(offsets[unit[0]][0], offsets[unit[-1]][1]) for unit in units]
    tokens = [
        {"token": text[start:end], "start": start, "end": end, "value": whole - score_without}
        for (start, end), score_without in zip(spans, without, strict=True)
    ]
    return {
        "method": METHODS[0],
        "base": score.served - sum(token["value"] for token in tokens),
        "tokens": tokens,
        "blank": blank,
    }


def _versions(texts: Texts, ids: list[int], units: list[range]) -> Iterator[Tensors]:
    """The text as it is, without any of its units, and without each, in batches."""
    everything = {index for unit in units for index in unit}
    left_out = [set[int](), everything, *map(set, units)]
    together = max(1, _IDS_A_RUN // max(1, len(ids)))
    for start in range(0, len(left_out), together):
        yield texts.tensors(
            [
                [token for index, token in enumerate(ids) if index not in out]
                for out in left_out[start : start + together]
            ]
        )


def _units(offsets: Offsets, most: int) -> list[range]:
    """Which tokens are left out together: those that share a character, as the bytes of one may.

    When there are more than `most`, neighbours go together.  Tokens of no character, which the
    tokenizer has added, always stay.
    """
    units: list[range] = []
    for index, (start, end) in enumerate(offsets):
        if units and start < end and start < offsets[units[-1][-1]][1]:
            units[-1] = range(units[-1].start, index + 1)
        elif start < end:
            units.append(range(index, index + 1))
    together = max(1, -(-len(units) // most))
    groups = [units[first : first + together] for first in range(0, len(units), together)]
    return [range(group[0].start, group[-1].stop) for group in groups]
