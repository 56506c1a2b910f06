"""What the command line prints: text for people, JSON for scripts, notes and errors apart."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from infra.package import Built
    from training.release.check import Report

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

_NOT_COMPILED = (
    "no Python 3.13 is here to compile with, so every cold start takes longer: "
    "install one, for example with `uv python install 3.13`, and build again"
)


def say_error(message: str) -> None:
    """Say what went wrong, on one line."""
    err.print(f"[red]error:[/red] {escape(message)}")


def say_note(message: str, about: str = "note") -> None:
    """Say what is worth knowing, on one line."""
    err.print(f"[yellow]{about}:[/yellow] {escape(message)}")


def print_json(document: object) -> None:
    """Print JSON, in colour to a terminal."""
    if out.is_terminal:
        out.print_json(data=document)
    else:
        print(json.dumps(document, indent=2))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: int = 0) -> None:
    """Print a table; its last `right` columns hold numbers."""
    table = Table(box=None)
    for place, heading in enumerate(headings):
        justify: Literal["left", "right"] = "right" if place >= len(headings) - right else "left"
        table.add_column(heading, justify=justify)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar while something goes on; gives what to tell of it: how much is done, of what.

    Without a terminal there is a line for every change.
    """
    from rich.progress import (  # imported here, as few commands take so long
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        seen: list[tuple[int, int | None]] = []

        def show(done: int, of: int | None) -> None:
            if (done, of) in seen[-1:]:
                return
            seen[:] = [(done, of)]
            bar.update(task, completed=done, total=of)
            if not err.is_terminal and of:
                err.print(f"{what}: {done}/{of}", markup=False)

        yield show


def print_report(report: "Report", as_json: bool) -> None:
    """Print what a check found, a line each."""
    if as_json:
        print_json(dataclasses.asdict(report))
        return
    for finding in report.findings:
        mark = "[green]ok    [/green]" if finding.passed else "[red]failed[/red]"
        out.print(f"{mark} {escape(f'{finding.name}: {finding.detail}')}")


def print_built(built: "Built", as_json: bool) -> None:
    """Print what was built, how large it is, and what is missing."""
    if as_json:
        print_json(_built_json(built))
        return
    table = Table(box=None)
    for heading in ("package", "unzipped", "zip", "sha-256"):
        table.add_column(heading, justify="left" if heading in ("package", "sha-256") else "right")
    for kind, packages in (("layers", built.layers), ("functions", built.functions)):
        for package in packages:
            zipped = _megabytes(package.zip_bytes) if package.zip_bytes else ""
            size = _megabytes(package.size_bytes)
            table.add_row(f"{kind}/{package.name}", size, zipped, package.digest[:16])
    out.print(table)
    if built.platform.python is None:
        say_note(_NOT_COMPILED)
    for name, reason in built.missing.items():
        say_note(f"{name}: {reason}", about="not built")


def _built_json(built: "Built") -> dict[str, object]:
    return {
        "platform": built.platform.name,
        "folder": str(built.folder),
        "layers": [dataclasses.asdict(package) for package in built.layers],
        "functions": [dataclasses.asdict(package) for package in built.functions],
        "missing": dict(built.missing),
    }


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
