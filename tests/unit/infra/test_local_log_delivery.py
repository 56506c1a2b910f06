"""Which lines a subscription filter lets through."""

import pytest

from infra.local.log_delivery import SubscriptionError, matching
from infra.resources.usage import PATTERN


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ('{"caller": "key_abc", "status": 200}', True),
        ('{"caller": "somebody"}', False),
        ('{"caller": 1}', False),
        ('{"status": 200}', False),
        ('["caller"]', False),
        ("START RequestId: 1 Version: 1", False),
        ('{"caller": "key_abc"', False),
    ],
)
def test_rendered_pattern_takes_lines_with_a_caller(line: str, passes: bool) -> None:
    assert matching(PATTERN)(line) is passes


def test_no_pattern_takes_everything() -> None:
    assert matching("")("anything")


def test_pattern_has_stars_and_no_other_magic() -> None:
    matches = matching('{ $.a = "x*.z" }')
    assert matches('{"a": "x..z"}')
    assert not matches('{"a": "x..y"}')
    assert not matches('{"a": "xyzz"}')


def test_pattern_of_another_form_is_refused() -> None:
    with pytest.raises(SubscriptionError, match=r"filter pattern is 'ERROR', expected"):
        matching("ERROR")
