"""JSON as the standard has it."""

import json
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import strict_json
from serving.errors import BadRequest

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_back(document: object) -> None:
    assert strict_json.loads(strict_json.dumps(document), nesting=100) == document


def test_an_integer_of_more_than_64_bits_is_read_as_a_float() -> None:
    assert strict_json.loads(b"[18446744073709551617]", nesting=1) == [2.0**64]


@given(st.text(alphabet='[]{}"\\a', max_size=60))
def test_brackets_in_strings_do_not_nest(text: str) -> None:
    raw = json.dumps([text, text]).encode()
    assert strict_json.loads(raw, nesting=1) == [text, text]


@pytest.mark.parametrize("depth", [1, 5, 32])
def test_nesting_is_counted_exactly(depth: int) -> None:
    raw = b"[" * depth + b"]" * depth
    strict_json.loads(raw, nesting=depth)
    with pytest.raises(BadRequest, match=f"deeper than {depth - 1}"):
        strict_json.loads(raw, nesting=depth - 1)


def test_a_string_without_an_end_is_told_by_where_it_starts() -> None:
    with pytest.raises(BadRequest, match=r"JSON: Unterminated string starting at line 1, column 2"):
        strict_json.loads(b'["a', nesting=1)


def test_a_string_without_an_end_is_looked_through_once() -> None:
    raw = b"[]" * 40 + b'"' + b'\\"' * 500_000
    started = process_time()
    with pytest.raises(BadRequest, match="body is not JSON"):
        strict_json.loads(raw, nesting=32)
    assert process_time() - started < 5  # once is 0.1 s; from each quote anew, it was hours


def test_a_byte_order_mark_is_passed_over() -> None:
    assert strict_json.loads(b'\xef\xbb\xbf{"a": 1}', nesting=1) == {"a": 1}


def test_many_rows_are_not_deep() -> None:
    raw = json.dumps([[1, 2]] * 1000).encode()
    assert len(strict_json.loads(raw, nesting=2)) == 1000


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_not_a_number_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.dumps({"score": number})
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.dumps({"vectors": [np.array([1, number], dtype=np.float32)]})


def test_nothing_is_written_as_null() -> None:
    assert strict_json.dumps({"null": None}) == b'{"null":null}'


def test_an_array_is_written_in_as_few_digits_as_tell_it_from_others() -> None:
    vector = np.array([0.1, 1e-7, 3], dtype=np.float32)
    raw = strict_json.dumps({"vector": vector})
    assert len(raw) < 40
    assert np.array_equal(np.array(json.loads(raw)["vector"], dtype=np.float32), vector)


@pytest.mark.parametrize("value", [2**70, "\ud800", {1: 2}])
def test_what_only_the_standard_library_writes_is_written(value: object) -> None:
    vector = np.array([1.0])
    assert strict_json.dumps([value, vector]).endswith(b",[1.0]]")
