"""Tokenizers are one file that reads raw text the same way wherever it is loaded."""

import numpy as np
from tokenizers import Tokenizer

from training.texts import tokens

FILMS = ["A fine, fine film!<br /><br />It's fine.", "Not a FINE film; it's a bore, a bore."]
SHOPS = ["质量很好\uff0c很喜欢", "质量很差\uff0c不喜欢\uff01", "很好很好\uff0ciPhone 12 很好"]


def pieces_of(tokenizer: Tokenizer, text: str) -> list[str]:
    return tokenizer.encode(text).tokens


def test_words_are_lower_case_without_markup_and_rare_ones_are_unknown() -> None:
    tokenizer = tokens.words(FILMS, 100)
    assert pieces_of(tokenizer, "FINE<br />it's novel") == ["fine", "it's", tokens.UNKNOWN]
    assert tokenizer.token_to_id(tokens.PADDING) == 0


def test_pieces_of_chinese_are_no_longer_than_told_and_of_one_script() -> None:
    tokenizer = tokens.pieces(SHOPS, 100, 2)
    found = pieces_of(tokenizer, "很好,iPhone")
    assert "很好" in found
    assert "".join(found) == "很好,iphone"
    assert max(len(piece) for piece in tokenizer.get_vocab() if piece[0] != "[") <= 2


def test_characters_nobody_has_seen_are_unknown_not_lost() -> None:
    tokenizer = tokens.pieces(SHOPS, 100, 2)
    assert pieces_of(tokenizer, "龘") == [tokens.UNKNOWN]


def test_encoding_cuts_and_padding_fills_on_the_right() -> None:
    tokenizer = tokens.words(FILMS, 100)
    encoded = tokens.encode(tokenizer, ["fine fine fine fine", "film", ""], longest=3)
    assert [len(ids) for ids in encoded] == [3, 1, 0]
    rows = tokens.padded(encoded)
    assert rows.shape == (3, 3)
    np.testing.assert_array_equal(rows[1, 1:], 0)
    np.testing.assert_array_equal(rows[2], 0)


def test_the_file_reads_as_the_tokenizer_does() -> None:
    tokenizer = tokens.pieces(SHOPS, 100, 3)
    again = Tokenizer.from_str(tokens.file(tokenizer).decode())
    assert again.encode(SHOPS[2]).ids == tokenizer.encode(SHOPS[2]).ids
    assert again.truncation is None
