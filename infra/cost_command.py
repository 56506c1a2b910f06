"""`flotilla cost`: what answers cost, by model and caller, and when a server would be cheaper."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from infra import terminal
from infra.keys_commands import AsJson, Region, StackName
from infra.prices import INSTANCE_CORES

if TYPE_CHECKING:
    from infra.costs import Spent
    from serving.metering import Used


def cost(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, help="Of how many days, today included.")] = 30,
    instance_hour: Annotated[
        float | None,
        typer.Option(min=0.0, help="An always-on server's price an hour; default: a c7i.large."),
    ] = None,
    stack: StackName = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Say what answers cost: by model, by caller, per million, and against a server."""
    from infra import costs
    from infra.stacks import find_stack
    from serving.prices import Prices

    found = find_stack(context.obj, stack, region)
    today = datetime.now(UTC).date()
    first = today - timedelta(days=days - 1)
    dynamodb = found.client("dynamodb")
    rows = costs.read(dynamodb, found.output("UsageTable"), first.isoformat(), today.isoformat())
    hour = Prices().instance_hour if instance_hour is None else instance_hour
    if as_json:
        document = _document(rows, hour)
        terminal.print_json({"from": first.isoformat(), "to": today.isoformat(), **document})
        return
    names = _names(dynamodb, found.output("KeysTable"))
    _print(rows, hour, names)
    terminal.out.print(
        f"\n{first} to {today}, of requests with a key.  From so many requests an hour on a server "
        f"at ${hour:g} an hour is cheaper; busy is its {INSTANCE_CORES} cores' share then, over "
        "100 % it could not answer them."
    )


def _print(rows: Sequence["Used"], hour: float, names: Mapping[str, str]) -> None:
    from infra import costs

    headings = ("requests", "mean", "cost", "per million", "break-even", "busy")
    models = [*costs.by_model(rows), costs.total(rows)]
    table = [(spent.name or "all", *_figures(spent, hour)) for spent in models]
    terminal.print_table(("model", *headings), table, right=len(headings))
    terminal.out.print()
    callers = [
        (spent.name, names.get(spent.name, ""), *_figures(spent, hour)[:4])
        for spent in costs.by_caller(rows)
    ]
    terminal.print_table(("caller", "name", *headings[:4]), callers, right=4)


def _figures(spent: "Spent", hour: float) -> tuple[str, ...]:
    return (
        f"{spent.requests}",
        f"{spent.mean_ms:.1f} ms",
        f"${spent.cost_usd:.6f}",
        f"${spent.per_million_usd:.2f}",
        f"{spent.break_even_per_hour(hour):,.0f}/h",
        f"{spent.busy(hour, INSTANCE_CORES):.0%}",
    )


def _document(rows: Sequence["Used"], hour: float) -> dict[str, object]:
    from infra import costs

    return {
        "instance_hour_usd": hour,
        "total": _shown(costs.total(rows), hour),
        "models": {spent.name: _shown(spent, hour) for spent in costs.by_model(rows)},
        "callers": {spent.name: _shown(spent, hour) for spent in costs.by_caller(rows)},
    }


def _shown(spent: "Spent", hour: float) -> dict[str, float]:
    return {
        "requests": spent.requests,
        "compute_ms": round(spent.compute_ms, 3),
        "cost_usd": round(spent.cost_usd, 12),
        "per_million_usd": round(spent.per_million_usd, 6),
        "break_even_per_hour": round(spent.break_even_per_hour(hour), 1),
        "busy_at_break_even": round(spent.busy(hour, INSTANCE_CORES), 4),
    }


def _names(dynamodb: object, table: str) -> dict[str, str]:
    """Whose each key is."""
    from infra.keys import KeyRing

    records = KeyRing(dynamodb, None, table, "").records()
    return {record.caller: record.name for record in records}
