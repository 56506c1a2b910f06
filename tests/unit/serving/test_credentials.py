"""Keys: how they are made, read, kept and compared."""

from dataclasses import replace

import pytest

from serving import credentials
from serving.credentials import Credential, KeyRecord

KEY = Credential("abcd1234", "s" * 43)
SALT = "00" * 16
RECORD = KeyRecord(
    prefix=KEY.prefix,
    name="a team",
    salt=SALT,
    digest=credentials.digest(KEY.secret, SALT),
    scopes="iris",
    plan="free",
    meter="m" * 32,
    meter_id="id",
    created=1_000,
)


def test_new_keys_differ_and_read_as_they_are_written() -> None:
    one, two = credentials.mint(), credentials.mint()
    assert one.prefix != two.prefix
    assert one.secret != two.secret
    assert credentials.shown({"x-api-key": one.text}) == one


def test_secret_has_256_random_bits() -> None:
    assert 62 ** len(credentials.mint().secret) >= 2**256


def test_renewed_key_keeps_its_prefix_only() -> None:
    renewed = credentials.mint(KEY.prefix)
    assert renewed.prefix == KEY.prefix
    assert renewed.secret != KEY.secret


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY.text}"},
        {"authorization": f"bearer  {KEY.text} "},
        {"X-Api-Key": KEY.text},
        {"Authorization": "Bearer somebody-elses", "x-api-key": KEY.text},
    ],
)
def test_key_is_read_from_either_header(headers: dict[str, str]) -> None:
    assert credentials.shown(headers) == KEY


@pytest.mark.parametrize(
    "text",
    ["", "flt_", "flt_abcd1234_short", f"{KEY.text}x", f"x{KEY.text}", KEY.text.replace("s", "-")],
)
def test_anything_else_is_no_key(text: str) -> None:
    assert credentials.shown({"x-api-key": text}) is None
    assert credentials.shown({"authorization": f"Basic {KEY.text}"}) is None


def test_only_the_secret_fits() -> None:
    assert RECORD.fits(KEY)
    assert not RECORD.fits(Credential(KEY.prefix, "t" * 43))


def test_same_secret_under_another_salt_is_another_digest() -> None:
    salts = {credentials.new_salt() for _ in range(10)}
    assert len({credentials.digest(KEY.secret, salt) for salt in salts}) == 10


def test_secret_is_not_in_the_record() -> None:
    assert KEY.secret not in str(RECORD.to_item())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"revoked": 1_500}, "revoked"),
        ({"expires": 2_000}, "expired"),
        ({"expires": 2_001}, None),
    ],
)
def test_key_is_good_until_it_is_revoked_or_expires(
    changes: dict[str, int], reason: str | None
) -> None:
    assert replace(RECORD, **changes).refused_for(now=2_000) == reason


def test_record_survives_the_table() -> None:
    assert KeyRecord.from_item(RECORD.to_item()) == RECORD


@pytest.mark.parametrize("text", ["key_abcd1234", "abcd1234", KEY.text])
def test_prefix_is_found_in_whatever_names_a_key(text: str) -> None:
    assert credentials.prefix_of(text) == "abcd1234"
