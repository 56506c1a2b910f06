"""Tokenizers made from the training texts, and texts as token numbers.

A tokenizer is one file, `tokenizer.json`, that the serving engine reads as well: whatever is done
to a raw text before it is numbers is said in there.  Padding is number 0.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from serving.types import Array

PADDING = "[PAD]"
UNKNOWN = "[UNK]"
_SPECIAL = [PADDING, UNKNOWN]
_WORDS = r"[\p{L}\p{N}_']+|[^\p{L}\p{N}_'\s]"
_SCRIPTS = r"\p{Han}+|\p{N}+|[^\p{Han}\p{N}\P{L}]+|[^\p{L}\p{N}\s]"
_ALPHABET = 6000


def words(texts: Iterable[str], size: int) -> Tokenizer:
    """Words and marks that come twice at least, the most frequent `size` of them."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = _split(_WORDS)
    trainer = trainers.WordLevelTrainer(
        vocab_size=size, min_frequency=2, special_tokens=_SPECIAL, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def pieces(texts: Iterable[str], size: int, longest: int) -> Tokenizer:
    """Byte-pair encoding of characters, up to `longest` of them a piece, for texts without spaces.

    A piece is of one script; characters that the texts have too seldom are unknown.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = _split(_SCRIPTS)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=_SPECIAL,
        show_progress=False,
        limit_alphabet=_ALPHABET,
        max_token_length=longest,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str], longest: int) -> list[Array]:
    """The token numbers (T,) of each text, of its first `longest` tokens."""
    tokenizer.enable_truncation(longest)
    encodings = tokenizer.encode_batch_fast(list(texts))
    return [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]


def padded(encoded: Sequence[Array]) -> Array:
    """Token numbers (N, T), padded on the right as the serving engine does."""
    width = max(1, *(len(ids) for ids in encoded))
    rows = np.zeros((len(encoded), width), dtype=np.int64)
    for row, ids in zip(rows, encoded, strict=True):
        row[: len(ids)] = ids
    return rows


def file(tokenizer: Tokenizer) -> bytes:
    """The `tokenizer.json` of an artifact."""
    tokenizer.no_truncation()
    return (tokenizer.to_str(pretty=False) + "\n").encode()


def _normalizer() -> normalizers.Normalizer:
    return normalizers.Sequence(
        [normalizers.Replace("<br />", " "), normalizers.NFKC(), normalizers.Lowercase()]
    )


def _split(pattern: str) -> pre_tokenizers.PreTokenizer:
    """Keep what matches, drop the rest."""
    return pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
