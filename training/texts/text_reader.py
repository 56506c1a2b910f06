"""How a bag-of-n-grams model reads: raw texts to token numbers to rows of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from serving.texts import TOKENIZER
from serving.types import Array, JsonObject
from training.texts import tokens
from training.texts.bags import Bag
from training.texts.tokens import UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A tokenizer, how many tokens of a text count, and the bag that they go into."""

    tokenizer: Tokenizer
    longest: int
    buckets: int = 0
    run: int = 1

    @property
    def bag(self) -> Bag:
        """The bag of the tokenizer's vocabulary and of runs up to `run` tokens."""
        return Bag(self.tokenizer.get_vocab_size(), self.buckets, self.run)

    def encode(self, texts: Sequence[str]) -> list[Array]:
        """The token numbers (T,) of each text."""
        return tokens.encode(self.tokenizer, texts, self.longest)

    def ids(self, texts: Sequence[str]) -> Array:
        """The token numbers (N, T) as the graph takes them."""
        return tokens.padded(self.encode(texts))

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """The rows (N, F) that scikit-learn takes."""
        return self.bag.matrix(self.encode(texts))

    def names(self) -> list[str]:
        """The tokens by number."""
        return [self.tokenizer.id_to_token(number) for number in range(self.bag.tokens)]

    def limits(self, characters: int) -> JsonObject:
        """What the artifact says of the longest text."""
        return {"text_tokens": self.longest, "text_characters": characters}

    def files(self) -> dict[str, bytes]:
        """What the artifact needs to read as this does."""
        return {TOKENIZER: tokens.file(self.tokenizer)}

    def features(self, texts: Sequence[str]) -> dict[str, Array]:
        """What a baseline sketches of texts."""
        unknown = self.tokenizer.token_to_id(UNKNOWN)
        encoded = self.encode(texts)
        return {
            "characters": np.array([len(text) for text in texts]),
            "tokens": np.array([len(ids) for ids in encoded]),
            "unknown_share": np.array(
                [(ids == unknown).mean() if len(ids) else 0 for ids in encoded]
            ),
        }
