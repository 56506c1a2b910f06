"""What an explanation costs on one core, by model, against what it may.

Every released model that is explained gets the longest of its examples, and texts as many tokens as
it reads.  CPU time, as a busy machine does not count; the medians of a few calls.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from rich.console import Console
from rich.table import Table

from serving import explain
from serving.http import Request
from serving.prices import Meter
from serving.routes import Router
from serving.service import Service

ROOT = Path(__file__).parents[2]
BUDGET_MS = {"tabular": 50.0, "other": 1000.0}
_CALLS = 7


@dataclass(frozen=True, slots=True)
class Cost:
    """A model's explanation: how it is found, how many parts share the score, what it costs."""

    model: str
    method: str
    parts: int
    cpu_ms: float
    budget_ms: float


def costs(root: Path = ROOT) -> Iterator[Cost]:
    """The cost of one explanation of each model that is here and is explained."""
    for folder in sorted(root.glob("training/*/artifact")):
        service = Service.load(folder, memory_mb=1769)  # one vCPU
        if service.manifest.task in explain.TASKS:
            yield _cost(service, _requests(service))


def _cost(service: Service, bodies: list[tuple[str, bytes]]) -> Cost:
    router, usage = Router(service), Meter(1769, "x86_64").usage(False, False)
    found, slowest = {}, 0.0
    for media_type, body in bodies:
        times = []
        for _ in range(_CALLS):
            started = process_time()
            headers = {"content-type": media_type}
            path = f"/v1/models/{service.name}/explain"
            response = router.respond(Request("POST", path, headers, body), usage)
            times.append((process_time() - started) * 1000)
        if median(times) > slowest:
            slowest = median(times)
            found = json.loads(response.body)["predictions"][0]["attributions"]
    kind = "tabular" if "features" in found else "other"
    return Cost(service.name, found["method"], _parts(found), slowest, BUDGET_MS[kind])


def _parts(found: dict[str, Any]) -> int:
    if "cells" in found:
        return sum(map(len, found["cells"]))
    return len(found.get("features") or found.get("tokens") or found["segments"])


def _requests(service: Service) -> list[tuple[str, bytes]]:
    """The raw bodies among the examples, and the longest text that is read."""
    examples = json.loads(service.artifact.read("examples.json"))["examples"]
    raw = [each for each in examples if each["media_type"] != "application/json"]
    if service.manifest.task == "text_classification":
        text = " ".join(each["body"] for each in raw)
        most = service.limits.text_characters
        return [("text/plain", (text * (most // len(text) + 1))[:most].encode())]
    if service.manifest.task.startswith("tabular"):
        one_row = next(each for each in examples if each["name"] == "one_row")
        return [("application/json", json.dumps(one_row["body"]).encode())]
    return [(each["media_type"], base64.b64decode(each["body_base64"])) for each in raw]


def table(found: Iterator[Cost]) -> Table:
    """The costs beside their budgets."""
    table = Table(title="an explanation, CPU ms on one core, medians", title_justify="left")
    for column in ("model", "method", "parts", "ms", "budget"):
        table.add_column(column, justify="left" if column in ("model", "method") else "right")
    for cost in found:
        over = "[red]" if cost.cpu_ms > cost.budget_ms else ""
        table.add_row(
            cost.model,
            cost.method,
            str(cost.parts),
            f"{over}{cost.cpu_ms:.1f}",
            f"{cost.budget_ms:.0f}",
        )
    return table


if __name__ == "__main__":
    Console().print(table(costs()))
