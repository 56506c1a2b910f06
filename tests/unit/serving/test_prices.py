"""What an answer costs, against the price list worked out by hand."""

import pytest

from serving.prices import Meter, Prices


@pytest.mark.parametrize(
    ("meter", "duration_ms", "gateway", "usd"),
    [
        (Meter(1024, "x86_64"), 1000, False, 0.0000166667 + 0.0000002),
        (Meter(1024, "arm64"), 1000, False, 0.0000133334 + 0.0000002),
        # A call of the gateway, and the authorizer's own request and millisecond.
        (
            Meter(512, "x86_64"),
            1000,
            True,
            0.0000166667 / 2 + 0.0000002 + 0.0000035 + 0.0000002 + 0.0000000166667,
        ),
        (Meter(1024, "x86_64"), 0.2, False, 0.0000166667 / 1000 + 0.0000002),
    ],
    ids=["a GB-second", "on arm64", "half a GB, through the gateway", "a started millisecond"],
)
def test_price_of_an_answer(meter: Meter, duration_ms: float, gateway: bool, usd: float) -> None:
    assert meter.answer_usd(duration_ms, gateway) == pytest.approx(usd)


def test_prices_of_ones_own_replace_those_of_the_list() -> None:
    own = Prices.with_overrides("gateway_call:0, gb_second_x86_64:1e-5")
    assert Meter(1024, "x86_64", own).answer_usd(1000, True) == pytest.approx(
        0.00001 + own.request + own.authorization
    )
    assert Prices.with_overrides("") == Prices()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gateway:1", "there is no price 'gateway', expected some of .*gateway_call"),
        ("request:free", "the price 'request' is 'free', expected US dollars"),
        ("request", "is '', expected"),
        ("request:-1", "is '-1', expected"),
        ("request:nan", "is 'nan', expected"),
        ("request:inf", "is 'inf', expected"),
    ],
)
def test_wrong_prices_are_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Prices.with_overrides(text)
