"""The tables of a diagnosis: headings, and a row for each memory size, which stands first."""

from collections.abc import Sequence

from infra.doctor.advice import Diagnosis

Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def doses(found: Diagnosis) -> Table:
    """How the function starts and answers at each size."""
    headings = ("MB", "vCPU", "start ms", "first run ms", "answers", "p50 ms", "p99 ms", "CPU ms")
    rows = [
        (
            f"{dose.memory_mb}",
            f"{dose.vcpus:g}",
            f"{dose.init_ms:.0f}",
            f"{dose.phases['first run']:.1f}",
            f"{dose.answers}",
            f"{dose.p50_ms:.2f}",
            f"{dose.p99_ms:.2f}",
            f"{dose.cpu_ms:.2f}",
            f"{dose.peak_mb:.0f}",
        )
        for dose in found.examination.doses
    ]
    return (*headings, "peak MB"), rows


def costs(found: Diagnosis) -> Table:
    """What a million answers a month cost at each size, in US dollars."""
    headings = ("MB", "x86_64", "arm64", "x86_64 SnapStart", "arm64 SnapStart", "gateway on top")
    rows = [
        (
            f"{cost.memory_mb}",
            f"{cost.x86_64:.2f}",
            f"{cost.arm64:.2f}",
            f"{cost.x86_64_snapstart:.2f}",
            f"{cost.arm64_snapstart:.2f}",
            f"{cost.gateway:.2f}",
        )
        for cost in found.costs
    ]
    return headings, rows
