"""What a recorded bench says, as the README shows it: starts, and what a million answers cost.

`make bench ARGS=--record` writes the record; nothing here is measured or typed by hand.
"""

import json
from math import ceil
from pathlib import Path

from serving import folder
from serving.prices import Meter
from serving.session import MB_PER_VCPU
from serving.types import JsonObject

RECORD = Path("tests") / "bench" / "recorded.json"
_MILLION = 1_000_000


def starts(root: Path) -> str:
    """A table of the races: start to first answer, its ratio to the AWS samples' way, memory."""
    record = _read(root)
    races: JsonObject = record["races"]
    heads = [f"{model}: first answer, ms | ratio | MB" for model in races]
    rows = [f"| served by | {' | '.join(heads)} |", "|---|" + "---|" * 3 * len(races)]
    for name, title in record["titles"].items():
        cells = [_cells(race[name], race["samples"]) for race in races.values()]
        rows.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def costs(root: Path) -> str:
    """A table of the models: what a million answers cost, by the milliseconds that they take."""
    measured: dict[str, float] = _read(root)["models"]
    rows = [
        "| model | memory, MB | an answer, ms of CPU | billed, ms | a million invokes "
        "| a million through the gateway |",
        "|---|---|---|---|---|---|",
    ]
    for model in folder.discover(root / "functions"):
        if model.name in measured:
            billed = billed_ms(measured[model.name], model.memory_mb)
            meter = Meter(model.memory_mb, model.architecture)
            invokes, calls = (_MILLION * meter.answer_usd(billed, way) for way in (False, True))
            figures = f"{measured[model.name]:.2f} | {billed} | ${invokes:.2f} | ${calls:.2f}"
            rows.append(f"| {model.name} | {model.memory_mb} | {figures} |")
    return "\n".join(rows) + "\n"


def billed_ms(cpu_ms: float, memory_mb: int) -> int:
    """What Lambda bills for so much work: below one vCPU a function gets its share of one."""
    return ceil(cpu_ms * max(1.0, MB_PER_VCPU / memory_mb))


def _cells(found: dict[str, float], yardstick: dict[str, float]) -> str:
    first = found["first_answer_ms"]
    ratio = first / yardstick["first_answer_ms"]
    return f"{first:.0f} | {ratio:.2f} | {found['resident_mb']:.0f}"


def _read(root: Path) -> JsonObject:
    record: JsonObject = json.loads((root / RECORD).read_text())
    return record
