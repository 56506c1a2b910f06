"""Texts as hurried people write them: letters swapped, dropped, doubled, or hit beside the key."""

import re
from collections.abc import Sequence

import numpy as np

_RUNS = re.compile(r"[A-Za-z]+|[\x00-@\[-`{-\x7f]+|[^\x00-\x7f]")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    letter: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _ROWS
    for place, letter in enumerate(row)
}


def spoil(texts: Sequence[str], share: float, seed: int = 0) -> list[str]:
    """The texts with one typo in each word of letters with the chance `share`.

    In scripts without a keyboard of letters, and words of one letter, a typo is a character lost.
    """
    rng = np.random.default_rng(seed)
    return [_spoil_text(text, share, rng) for text in texts]


def _spoil_text(text: str, share: float, rng: np.random.Generator) -> str:
    """Words are runs of letters; outside of ASCII every character is one."""
    words = _RUNS.findall(text)
    chosen = rng.random(len(words)) < share
    return "".join(
        _spoil_word(word, rng) if hit and word[0].isalpha() else word
        for word, hit in zip(words, chosen, strict=True)
    )


def _spoil_word(word: str, rng: np.random.Generator) -> str:
    if len(word) == 1:
        return ""
    place = int(rng.integers(len(word) - 1))
    before, here, there, after = word[:place], word[place], word[place + 1], word[place + 2 :]
    near = _NEIGHBOURS.get(here.lower(), here)
    slips = (
        before + there + here + after,
        before + there + after,
        before + here + here + there + after,
        before + near[int(rng.integers(len(near)))] + there + after,
    )
    return slips[int(rng.integers(len(slips)))]
