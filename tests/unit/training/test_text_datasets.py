"""The loaders of texts read archives in the official formats, written here and tiny."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from training.datasets import chinese_reviews, movie_reviews, newsgroups, sentence_pairs
from training.datasets.archives import ArchiveError

ARTICLE = """From: a@b.c
Subject: orbits

In article <1@x> d@e.f writes:
> is it round?
It is an ellipse.

--
a signature"""


def pack(path: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:xz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_newsgroups_come_in_their_parts_with_labels_in_order(tmp_path: Path) -> None:
    archive = pack(
        tmp_path / "news.tar.xz",
        {
            "20news-bydate-train/sci.space/7": ARTICLE.encode(),
            "20news-bydate-train/alt.atheism/3": "caf\xe9".encode("latin-1"),
            "20news-bydate-test/sci.space/9": b"later",
        },
    )
    train, test = newsgroups.read(archive)
    assert train.labels == test.labels == ("alt.atheism", "sci.space")
    assert dict(zip(train.inputs, train.targets, strict=True)) == {ARTICLE: 1, "caf\xe9": 0}
    assert list(test.inputs) == ["later"]
    assert list(test.targets) == [1]


def test_stripping_leaves_what_the_author_wrote() -> None:
    assert newsgroups.stripped(ARTICLE) == "It is an ellipse.\n"


def test_stripping_agrees_with_the_rules_of_scikit_learn() -> None:
    from sklearn.datasets import _twenty_newsgroups as official

    for article in (ARTICLE, "H: 1\n\none line", "H: 1\n\n\na\n\nb\n", "no header", "H: 1\n\n\n\n"):
        expected = official.strip_newsgroup_footer(
            official.strip_newsgroup_quoting(official.strip_newsgroup_header(article))
        )
        assert newsgroups.stripped(article) == expected


def test_movie_reviews_come_in_their_official_halves(tmp_path: Path) -> None:
    archive = pack(
        tmp_path / "films.tar.xz",
        {
            "aclImdb/README": b"read me",
            "aclImdb/train/pos/1_9.txt": "a caf\xe9<br />of a film".encode(),
            "aclImdb/train/neg/0_2.txt": b"dull",
            "aclImdb/test/pos/0_10.txt": b"fine",
            "aclImdb/train/unsup/0_0.txt": b"nobody says",
        },
    )
    train, test = movie_reviews.read(archive)
    assert list(train.inputs) == ["dull", "a caf\xe9<br />of a film"]
    assert [train.labels[number] for number in train.targets] == ["negative", "positive"]
    assert list(test.inputs) == ["fine"]


def test_chinese_reviews_keep_quotes_and_lines_and_lose_marks(tmp_path: Path) -> None:
    document = (
        '\ufeffcat,label,review\r\n书籍,1,"好""书"",\n值得"\r\n水果,0,\ufeff坏了\r\n水果,0,\r\n'
    )
    archive = pack(tmp_path / "zh.tar.xz", {"zh/online_shopping_10_cats.csv": document.encode()})
    reviews = chinese_reviews.read(archive)
    assert list(reviews.inputs) == ['好"书",\n值得', "坏了"]
    np.testing.assert_array_equal(reviews.targets, [1, 0])


def test_sentence_pairs_may_hold_quotes_and_further_columns(tmp_path: Path) -> None:
    document = (
        'a\tb\t2012\t1\t2.500\tA "man".\tOne man\'s.\nc\td\t2013\t2\t5\tX\tY\tmore\tcolumns\n'
    )
    archive = pack(tmp_path / "sts.tar.xz", {"stsbenchmark/sts-test.csv": document.encode()})
    pairs = sentence_pairs.read(archive, "test")
    assert pairs.first == ['A "man".', "X"]
    assert pairs.second == ["One man's.", "Y"]
    np.testing.assert_array_equal(pairs.scores, [2.5, 5])
    assert len(pairs) == 2


@pytest.mark.parametrize("read", [chinese_reviews.read, lambda p: sentence_pairs.read(p, "test")])
def test_an_archive_without_the_file_is_named(tmp_path: Path, read) -> None:
    archive = pack(tmp_path / "other.tar.xz", {"readme.txt": b"nothing here"})
    with pytest.raises(ArchiveError, match=r"other\.tar\.xz holds no"):
        read(archive)
