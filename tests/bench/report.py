"""The tables of a bench, and whether its budgets are kept."""

from dataclasses import dataclass

from rich.table import Table

from tests.bench.engine import Row
from tests.bench.entrants import TITLES

Medians = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a figure of Flotilla's may be: by itself, or as a ratio to another's."""

    model: str
    figure: str
    most: float
    to: str = ""

    @property
    def title(self) -> str:
        """What is held to it."""
        return f"{self.model}: {self.figure}" + (f", ratio to {TITLES[self.to]}" if self.to else "")

    def found(self, medians: Medians) -> float:
        """The figure in a race of its model."""
        ours = medians["flotilla"][self.figure]
        return ours / medians[self.to][self.figure] if self.to else ours


BUDGETS = (
    Budget("iris", "first_answer_ms", 0.55, "samples"),
    Budget("iris", "first_answer_ms", 1.15, "lean"),
    Budget("iris", "resident_mb", 60),
    Budget("minilm", "first_answer_ms", 0.50, "samples"),
    Budget("minilm", "resident_mb", 100),
)


def race_table(model: str, medians: Medians) -> Table:
    """A race: a row for each contestant."""
    table = Table(title=f"{model}, medians; ratios to the AWS samples' way", title_justify="left")
    for column in ("served by", "first answer, ms", "ratio", "CPU, ms", "memory, MB", "invoke, us"):
        table.add_column(column, justify="left" if column == "served by" else "right")
    yardstick = medians["samples"]["first_answer_ms"]
    for name, title in TITLES.items():
        found = medians[name]
        table.add_row(
            title,
            f"{found['first_answer_ms']:.0f}",
            f"{found['first_answer_ms'] / yardstick:.2f}",
            f"{found['first_answer_cpu_ms']:.0f}",
            f"{found['resident_mb']:.0f}",
            f"{found['invoke_us']:.0f}",
        )
    return table


def engine_table(rows: list[Row]) -> Table:
    """What the engine adds to the bare way, in its own process."""
    title = "the engine beyond the bare way, medians of CPU time"
    table = Table(title=title, title_justify="left")
    for column in ("question and bare way", "us", "asked through", "the engine adds", "budget"):
        table.add_column(column, justify="left" if " and " in column else "right")
    for row in rows:
        shown = f"{row.value:.0f} us" if row.unit == "us" else f"x {row.value:.3f}"
        budget = f"{row.budget:.0f} us" if row.unit == "us" else f"x {row.budget}"
        mark = "[red]" if row.value > row.budget else ""
        table.add_row(row.title, f"{row.bare_us:.0f}", row.step, mark + shown, budget)
    return table


def budget_table(races: dict[str, Medians], growth_mb: float, most_mb: float) -> Table:
    """The budgets of the races and of memory, and what was found."""
    table = Table(title="budgets", title_justify="left")
    for column in ("what", "found", "budget"):
        table.add_column(column, justify="left" if column == "what" else "right")
    checks = [
        (budget.title, budget.found(races[budget.model]), budget.most)
        for budget in BUDGETS
        if budget.model in races
    ]
    for title, found, most in [*checks, ("growth over 10,000 requests, MB", growth_mb, most_mb)]:
        mark = "[red]" if found > most else ""
        table.add_row(title, f"{mark}{found:.2f}", f"{most:.2f}")
    return table
