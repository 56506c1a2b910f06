"""A diagnosis as text: what fits, how it starts, what it costs, what to choose."""

from rich.markup import escape

from infra import terminal
from infra.doctor import costs
from infra.doctor.advice import Diagnosis
from infra.doctor.anatomy import Anatomy, Finding

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
    _doses(found)
    _section("A million answers a month, US dollars, Lambda alone")
    _costs(found)
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


def _doses(found: Diagnosis) -> None:
    headings = ("MB", "vCPU", "start ms", "first run ms", "p50 ms", "p99 ms", "peak MB")
    rows = [
        (
            f"{dose.memory_mb}{' *' if dose.memory_mb == found.memory_mb else ''}",
            f"{dose.vcpus:g}",
            f"{dose.init_ms:.0f}",
            f"{dose.phases['first run']:.1f}",
            f"{dose.p50_ms:.2f}",
            f"{dose.p99_ms:.2f}",
            f"{dose.peak_mb:.0f}",
        )
        for dose in found.examination.doses
    ]
    terminal.print_table(headings, rows, right=6)


def _costs(found: Diagnosis) -> None:
    headings = ("MB", "x86_64", "arm64", "x86_64 SnapStart", "arm64 SnapStart", "gateway on top")
    rows = [
        (
            f"{cost.memory_mb}{' *' if cost.memory_mb == found.memory_mb else ''}",
            f"{cost.x86_64:.2f}",
            f"{cost.arm64:.2f}",
            f"{cost.x86_64_snapstart:.2f}",
            f"{cost.arm64_snapstart:.2f}",
            f"{cost.gateway:.2f}",
        )
        for cost in found.costs
    ]
    terminal.print_table(headings, rows, right=5)
