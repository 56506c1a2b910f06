"""Where things lie in S3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import keys


def test_results_lie_under_the_uploads_name() -> None:
    assert keys.result("iris", "a b/c+d.csv") == "out/iris/a b/c+d.csv.json"
    assert keys.failure("iris", "a.csv") == "failed/iris/a.csv.json"


@given(st.text(min_size=1, max_size=1100))
def test_every_result_fits_into_s3(key: str) -> None:
    for place in (keys.result, keys.failure):
        assert len(place("breast_cancer", key).encode()) <= keys.LONGEST_KEY_BYTES


@pytest.mark.parametrize("letter", ["a", "ü", "花"])
def test_long_keys_that_differ_at_the_end_stay_apart(letter: str) -> None:
    long = letter * (1005 // len(letter.encode()))
    one, other = (
        keys.failure("breast_cancer", f"{long}1"),
        keys.failure("breast_cancer", f"{long}2"),
    )
    assert one != other
    assert one.startswith(f"failed/breast_cancer/{letter}{letter}")
