"""`GET /v1/usage`: what the caller used, by day and model, with the sums."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from functions.usage.table import UsageTable
from serving.errors import MethodNotAllowed, Unprocessable
from serving.http import Request, Response, preflight, reply

_PARAMETERS = {"from", "to"}


def answer(
    request: Request,
    query: Mapping[str, str],
    table: UsageTable,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Response:
    """Answer a request; `query` may hold days, otherwise it is a month until its last, or today.

    Raises ServingError.
    """
    if request.method == "OPTIONS":
        return preflight()
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed.of(request.method, request.path, "GET")
    if unknown := sorted(query.keys() - _PARAMETERS):
        raise Unprocessable(f"the query has {unknown}, expected some of {sorted(_PARAMETERS)}")
    last = _day(query, "to", now().date())
    first = _day(query, "from", last.replace(day=1))
    if first > last:
        raise Unprocessable(f"'from' is {first}, expected a day that is not after {last}")
    rows = table.read(request.caller, first.isoformat(), last.isoformat())
    return reply(
        {
            "caller": request.caller,
            "from": first.isoformat(),
            "to": last.isoformat(),
            "requests": sum(row.requests for row in rows),
            "compute_ms": round(sum(row.compute_ms for row in rows), 3),
            "cost_usd": round(sum(row.cost_usd for row in rows), 12),
            "usage": [row.shown() for row in rows],
        }
    )


def _day(query: Mapping[str, str], name: str, otherwise: date) -> date:
    text = query.get(name)
    if text is None:
        return otherwise
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise Unprocessable(f"'{name}' is {text!r:.40}, expected a day like 2026-11-22") from None
