"""`flotilla doctor`: examine a model, or an ONNX file, and say what was found."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra import terminal
from infra.keys_commands import AsJson

if TYPE_CHECKING:
    from infra.doctor.advice import Diagnosis


def doctor(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="MODEL|FILE.onnx", help="A model's name, or an ONNX file.")
    ],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with charts.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Examine a model or an ONNX file: does it fit, how it starts, what it takes and costs."""
    found = _diagnose(context.obj.resolve(), subject)
    if html is not None:
        from infra.doctor import page

        html.write_text(page.render(found))
    if as_json:
        terminal.print_json(dataclasses.asdict(found))
        return
    from infra.doctor import text

    text.show(found)
    if html is not None:
        terminal.out.print(f"\nwritten: {html}")


def _diagnose(root: Path, named: str) -> "Diagnosis":
    from infra.doctor import advice, anatomy, examination, subject
    from serving.prices import Prices

    with terminal.err.status(f"packing {named}") as status:
        graph = anatomy.look(Path(named).read_bytes()) if named.endswith(".onnx") else None
        with subject.packed(root, named) as patient:
            looked_at = graph or anatomy.look(patient.artifact.graph())
            found = examination.examine(
                patient, lambda what: status.update(f"examining {named}: {what}")
            )
            return advice.conclude(patient, looked_at, found, Prices())
