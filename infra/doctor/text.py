"""A diagnosis as text: what fits, how it starts, what it costs, what to choose."""

from rich.markup import escape

from infra import terminal
from infra.doctor import costs, tables
from infra.doctor.advice import Diagnosis
from infra.doctor.anatomy import Anatomy, Finding
from infra.doctor.tables import Table

_MARKS = {"good": "[green]ok  [/green]", "note": "[yellow]note[/yellow]", "bad": "[red]bad [/red]"}
_OPERATORS = 8


def show(found: Diagnosis) -> None:
    """Print a diagnosis."""
    out = terminal.out
    out.print(
        f"[bold]{escape(found.model)}[/bold], {found.task}, variant {escape(found.variant)}, "
        f"{found.form}, digest {found.digest[:12]}"
    )
    _section("Does it fit?")
    _findings(found.fit)
    show_anatomy(found.anatomy)
    _section(f"A start at {found.memory_mb} MB")
    phases = found.chosen.phases
    terminal.print_table(
        ("phase", "ms"), [(name, f"{ms:.1f}") for name, ms in phases.items()], right=1
    )
    _section(f"By memory (CPU share: {found.examination.share})")
    _table(found, tables.doses(found))
    _section("A million answers a month, US dollars, Lambda alone")
    _table(found, tables.costs(found))
    _section("Recommended")
    for reason in found.reasons:
        out.print(f"- {escape(reason)}")
    out.print(f"\n{costs.ASSUMED}")


def show_anatomy(anatomy: Anatomy) -> None:
    """Print what a graph is made of."""
    _section("The graph")
    most = ", ".join(f"{name} {n}" for name, n in list(anatomy.operators.items())[:_OPERATORS])
    terminal.out.print(
        f"opset {anatomy.opset}, {anatomy.nodes} nodes ({most}), "
        f"{anatomy.weights_bytes / 1e6:.2f} MB of constants, "
        f"free: {', '.join(anatomy.free_dimensions) or 'nothing'}"
    )
    _findings(anatomy.findings)


def _section(title: str) -> None:
    terminal.out.print(f"\n[bold]{escape(title)}[/bold]")


def _findings(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        terminal.out.print(f"{_MARKS[finding.severity]} {escape(finding.text)}")


def _table(found: Diagnosis, table: Table) -> None:
    """Print a table with a star at the size that is recommended."""
    headings, rows = table
    starred = [
        (f"{size} *" if size == str(found.memory_mb) else size, *cells) for size, *cells in rows
    ]
    terminal.print_table(headings, starred, right=len(headings) - 1)
