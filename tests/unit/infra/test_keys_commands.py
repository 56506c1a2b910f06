"""`flotilla keys`: what is printed of a key, and what is not."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.keys_commands import _public, _row, _seconds
from serving import credentials
from serving.credentials import KeyRecord

RECORD = KeyRecord(
    prefix="abcd1234",
    name="a team",
    salt="00" * 16,
    digest=credentials.digest("s" * 43, "00" * 16),
    scopes="iris,traffic",
    plan="free",
    meter="m" * 32,
    meter_id="id",
    created=1_763_000_000,
    expires=1_763_100_000,
)


@pytest.mark.parametrize(
    ("text", "seconds"), [("12h", 43_200), ("30d", 2_592_000), ("1w", 604_800)]
)
def test_times_are_read(text: str, seconds: int) -> None:
    assert _seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "30", "0d", "-1d", "1y", "1.5d"])
def test_other_times_are_refused_by_what_was_expected(text: str) -> None:
    result = CliRunner().invoke(app, ["keys", "create", "x", "--expires", text])
    assert result.exit_code == 2
    said = re.sub(r"[│\s]+", " ", result.stderr)
    assert "expected 12h, 30d or 4w" in said


def test_an_end_that_no_calendar_has_is_refused() -> None:
    result = CliRunner().invoke(app, ["keys", "create", "x", "--expires", "99999999d"])
    assert result.exit_code == 2
    assert "at most 36500d" in re.sub(r"[│\s]+", " ", result.stderr)


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "two\nlines"])
def test_a_name_that_a_list_cannot_show_is_refused(name: str) -> None:
    result = CliRunner().invoke(app, ["keys", "create", name])
    assert result.exit_code == 2
    assert "expected 1 to 100 characters" in re.sub(r"[│\s]+", " ", result.stderr)


def test_the_list_says_the_day_that_a_key_ends() -> None:
    lasting = replace(RECORD, expires=4_102_444_800)
    assert _row(lasting, {"id": (3, 7)})[4:] == ("until 2100-01-01", "3", "7")


def test_json_of_a_key_holds_nothing_that_helps_a_guesser() -> None:
    shown = _public(RECORD, {"id": (3, 7)})
    assert shown == {
        "caller": "key_abcd1234",
        "name": "a team",
        "plan": "free",
        "models": ["iris", "traffic"],
        "created": "2025-11-13T02:13Z",
        "expires": "2025-11-14T06:00Z",
        "revoked": None,
        "used": 3,
        "left": 7,
    }


def test_without_a_cloud_one_line_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--root", str(tmp_path), "keys", "list"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: no local cloud is up: start it with `flotilla up`")


def test_a_damaged_word_of_the_local_cloud_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "local.json").write_text("{")
    result = CliRunner().invoke(app, ["--root", str(tmp_path), "keys", "list"])
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "local.json is damaged: start the local cloud anew" in result.stderr
