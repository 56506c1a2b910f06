"""What answers cost, worked out by hand."""

import pytest

from infra import costs
from infra.costs import Spent
from serving.metering import Used


def used(model: str, caller: str, requests: int, cost_usd: float, compute_ms: float) -> Used:
    return Used(
        caller=caller,
        day="2026-11-22",
        model=model,
        requests=requests,
        compute_ms=compute_ms,
        cost_usd=cost_usd,
    )


ROWS = [
    used("iris", "key_a", 3, 0.003, 30.0),
    used("iris", "key_b", 1, 0.002, 50.0),
    used("traffic", "key_a", 1, 0.1, 900.0),
]


def test_sums_are_by_model_and_by_caller_the_dearest_first() -> None:
    assert [(spent.name, spent.requests) for spent in costs.by_model(ROWS)] == [
        ("traffic", 1),
        ("iris", 4),
    ]
    assert [(spent.name, spent.requests) for spent in costs.by_caller(ROWS)] == [
        ("key_a", 4),
        ("key_b", 1),
    ]
    assert costs.total(ROWS).cost_usd == pytest.approx(0.105)
    assert costs.total(ROWS).requests == 5


def test_forecast_is_for_a_million_requests_like_these() -> None:
    iris = costs.by_model(ROWS)[1]
    assert iris.per_million_usd == pytest.approx(1250.0)
    assert iris.mean_ms == pytest.approx(20.0)


def test_server_is_cheaper_from_where_its_hour_is_used_up() -> None:
    """At 0.1 cents a request, 9 cents are 90 requests; of 20 s each they fill half an hour."""
    spent = Spent("m", requests=10, compute_ms=200_000.0, cost_usd=0.01)
    assert spent.break_even_per_hour(0.09) == pytest.approx(90.0)
    assert spent.busy(0.09, cores=1) == pytest.approx(0.5)
    assert spent.busy(0.09, cores=2) == pytest.approx(0.25)


def test_nothing_used_costs_nothing() -> None:
    nothing = costs.total([])
    assert (nothing.requests, nothing.per_million_usd, nothing.mean_ms) == (0, 0.0, 0.0)
    assert nothing.break_even_per_hour(0.1) == 0.0
