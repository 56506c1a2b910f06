"""`flotilla keys`: make, list, revoke and renew callers' keys, in AWS or in the local cloud."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from infra import terminal

if TYPE_CHECKING:
    from infra.keys import Issued, KeyRing
    from serving.credentials import KeyRecord

app = typer.Typer(no_args_is_help=True, help="Make, list, revoke and renew callers' keys.")
StackName = Annotated[
    str | None, typer.Option("--stack", help="A stack in AWS; without it, the local cloud.")
]
Region = Annotated[str | None, typer.Option(help="Default: as the AWS settings say.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Caller = Annotated[str, typer.Argument(metavar="KEY", help="The key's public id, `key_...`.")]

# unit -> seconds.
_UNITS = {"h": 3_600, "d": 86_400, "w": 7 * 86_400}
_LONGEST_S = 100 * 365 * 86_400  # far within what a date can say
_LONGEST_NAME = 100
_SECRET = "The key is shown this once, and nobody can read it later."  # noqa: S105 - a sentence


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose key it is, for the list.")],
    plan: Annotated[str, typer.Option(help="The plan that its requests count on.")] = "free",
    model: Annotated[
        list[str] | None, typer.Option(help="A model it is for; may be given again. Default: all.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="12h, 30d or 4w from now; default: never.")
    ] = None,
    stack: StackName = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and show it this once."""
    from serving import folder

    models = {found.name for found in folder.discover(context.obj / "functions")}
    if unknown := sorted(set(model or ()) - models):
        raise typer.BadParameter(f"no model {unknown[0]!r}, expected some of {sorted(models)}")
    lasts_s = None if expires is None else _seconds(expires)
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(
            f"the name is {name[:_LONGEST_NAME]!r}, expected 1 to {_LONGEST_NAME} characters"
        )
    ring = _ring(context, stack, region)
    _show_issued(ring.create(name, plan, model or (), lasts_s), as_json)


@app.command("list")
def list_(
    context: typer.Context,
    stack: StackName = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """List the keys: whose, for what, until when, and what they used this month."""
    ring = _ring(context, stack, region)
    records = ring.records()
    used = ring.used(sorted({record.plan for record in records}))
    if as_json:
        terminal.print_json([_public(record, used) for record in records])
        return
    rows = [_row(record, used) for record in records]
    terminal.print_table(("key", "name", "plan", "models", "state", "used", "left"), rows, right=2)


@app.command()
def revoke(
    context: typer.Context,
    key: Caller,
    stack: StackName = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """End a key; who has it is refused within seconds."""
    record = _ring(context, stack, region).revoke(key)
    if as_json:
        terminal.print_json(_public(record, {}))
    else:
        terminal.out.print(f"{record.caller} ({record.name}) is revoked.", markup=False)


@app.command()
def rotate(
    context: typer.Context,
    key: Caller,
    stack: StackName = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Replace a key's secret: the old one ends, plan, models and quota stay."""
    _show_issued(_ring(context, stack, region).rotate(key), as_json)


def _ring(context: typer.Context, stack: str | None, region: str | None) -> "KeyRing":
    from infra.keys import KeyRing
    from infra.stacks import find_stack

    found = find_stack(context.obj, stack, region)
    table = found.output("KeysTable")
    return KeyRing(found.client("dynamodb"), found.client("apigateway"), table, found.name)


def _seconds(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or unit not in _UNITS or int(number) == 0:
        raise typer.BadParameter(f"--expires is {text!r}, expected 12h, 30d or 4w for example")
    if int(number) * _UNITS[unit] > _LONGEST_S:
        raise typer.BadParameter(f"--expires is {text!r}, expected at most 36500d, 100 years")
    return int(number) * _UNITS[unit]


def _show_issued(issued: "Issued", as_json: bool) -> None:
    if as_json:
        terminal.print_json({**_public(issued.record, {}), "key": issued.text})
        return
    terminal.out.print(issued.text, markup=False)
    terminal.say_note(f"{issued.record.caller} ({issued.record.name}): {_SECRET}")


def _public(record: "KeyRecord", used: Mapping[str, tuple[int, int]]) -> dict[str, object]:
    """What may be shown of a key: no salt, no digest."""
    kept = dataclasses.asdict(record)
    shown = {name: kept[name] for name in ("name", "plan")}
    times = {name: _time(kept[name]) for name in ("created", "expires", "revoked")}
    figures = used.get(record.meter_id)
    counted = {"used": figures[0], "left": figures[1]} if figures else {}
    scopes = record.scopes.split(",")
    return {"caller": record.caller, **shown, "models": scopes, **times, **counted}


def _row(record: "KeyRecord", used: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
    now = datetime.now(UTC).timestamp()
    state = record.refused_for(now) or (
        f"until {_time(record.expires, '%Y-%m-%d')}" if record.expires else "good"
    )
    spent, left = used.get(record.meter_id, ("", ""))
    models = record.scopes.replace(",", ", ")
    return (record.caller, record.name, record.plan, models, state, str(spent), str(left))


def _time(seconds: int, form: str = "%Y-%m-%dT%H:%MZ") -> str | None:
    return datetime.fromtimestamp(seconds, UTC).strftime(form) if seconds else None
