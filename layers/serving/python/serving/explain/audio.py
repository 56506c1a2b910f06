"""Recordings: how much the score falls when a moment of it is silent.

Occlusion (Zeiler and Fergus, 2014) in time: windows of 50 ms, longer ones when there would be more
than 50.  Moments do not add up by themselves; `base` and `blank` are as for images, the latter of
silence.
"""

import numpy as np

from serving.explain.question import Question
from serving.explain.score import Score
from serving.types import JsonObject

METHODS = ("occlusion",)
OPTIONS = ()
_NUMBER = {"type": "number"}
PARTS: JsonObject = {
    "segments": {
        "type": "array",
        "description": "How much each moment adds to the score, in seconds from the start.",
        "items": {
            "type": "object",
            "properties": {"start_s": _NUMBER, "end_s": _NUMBER, "value": _NUMBER},
            "required": ["start_s", "end_s", "value"],
        },
    },
    "blank": {**_NUMBER, "description": "The score of silence."},
}
_SEGMENT_S = 0.05
_MOST_SEGMENTS = 50


def attribute(score: Score, question: Question) -> JsonObject:
    """Divide a recording's score up among its moments: `segments`, and `blank`."""
    (tensor,) = question.inputs
    samples = question.inputs[tensor][0]
    rate = score.service.manifest.details["audio"]["sample_rate"]
    # What the task has put behind a short recording is silent already.
    length = int(np.flatnonzero(samples).max(initial=0)) + 1
    step = max(round(_SEGMENT_S * rate), -(-length // _MOST_SEGMENTS))
    starts = range(0, length, step)
    rows = np.repeat(samples[None], len(starts) + 2, axis=0)
    rows[1] = 0
    for row, start in zip(rows[2:], starts, strict=True):
        row[start : start + step] = 0
    whole, blank, *silent = score([{tensor: rows}]).tolist()
    segments = [
        {
            "start_s": start / rate,
            "end_s": min(start + step, length) / rate,
            "value": whole - without,
        }
        for start, without in zip(starts, silent, strict=True)
    ]
    return {
        "method": METHODS[0],
        "base": score.served - sum(segment["value"] for segment in segments),
        "segments": segments,
        "blank": blank,
    }
