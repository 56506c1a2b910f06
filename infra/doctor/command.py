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
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write a page with charts.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Examine a model or an ONNX file: does it fit, how it starts, what it takes and costs."""
    from serving import folder

    if html is not None and not html.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {html.parent} for {html.name}")
    if subject.endswith(".onnx"):
        _require_servable(Path(subject), as_json)
    elif not folder.is_name(subject):
        raise typer.BadParameter(f"it is {subject!r}, expected a model's name, or a file FILE.onnx")
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


def _require_servable(graph: Path, as_json: bool) -> None:
    """Say what a graph is made of and leave, when it cannot be served at all."""
    from infra.doctor import anatomy, text
    from training.release.graphs import GraphError

    if not graph.is_file():
        raise GraphError(f"{graph}: there is no such file")
    try:
        found = anatomy.look(graph.read_bytes())
    except GraphError as error:
        raise GraphError(f"{graph} cannot be served: {error}") from None
    if all(finding.severity != "bad" for finding in found.findings):
        return
    if as_json:
        terminal.print_json({"anatomy": dataclasses.asdict(found)})
    else:
        text.show_anatomy(found)
    terminal.say_error(f"{graph} cannot be served, see what is bad above")
    raise typer.Exit(1)


def _diagnose(root: Path, named: str) -> "Diagnosis":
    from infra.doctor import advice, anatomy, examination, subject
    from serving.prices import Prices

    with (
        terminal.err.status(f"packing {named}") as status,
        subject.packed(root, named) as patient,
    ):
        looked_at = anatomy.look(patient.artifact.graph())
        found = examination.examine(
            patient, lambda what: status.update(f"examining {named}: {what}")
        )
        return advice.conclude(patient, looked_at, found, Prices())
