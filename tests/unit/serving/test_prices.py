"""What an answer costs, against the price list worked out by hand."""

import pytest

from serving.prices import Meter


@pytest.mark.parametrize(
    ("meter", "duration_ms", "gateway", "usd"),
    [
        (Meter(1024, "x86_64"), 1000, False, 0.0000166667 + 0.0000002),
        (Meter(1024, "arm64"), 1000, False, 0.0000133334 + 0.0000002),
        (Meter(512, "x86_64"), 1000, True, 0.0000166667 / 2 + 0.0000002 + 0.0000035),
        (Meter(1024, "x86_64"), 0.2, False, 0.0000166667 / 1000 + 0.0000002),
    ],
    ids=["a GB-second", "on arm64", "half a GB, through the gateway", "a started millisecond"],
)
def test_price_of_an_answer(meter: Meter, duration_ms: float, gateway: bool, usd: float) -> None:
    assert meter.answer_usd(duration_ms, gateway) == pytest.approx(usd)
