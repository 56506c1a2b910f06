"""`make bench-load`: the local cloud under 1 to 32 callers at once.

Prints a table and writes `build/bench/load.json`.  The callers are a process of their own; gateway
and sandboxes share the machine with them, so this says how the local cloud bears callers, not how
Lambda does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local.cloud import LocalCloud
from infra.local.launch import launch
from infra.local.moto_process import MotoProcess
from tests.bench import callers
from tests.bench.questions import ROOT

CALLERS = (1, 2, 4, 8, 16, 32)
OUT = ROOT / "build" / "bench" / "load.json"


def main() -> None:
    """Bring the cloud up, call it with more and more callers, print and write what came out."""
    parser = argparse.ArgumentParser(prog="make bench-load ARGS=...", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="how long each number calls")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        moto = MotoProcess.start(Path(scratch) / "moto.log")
        with launch(ROOT, 0, moto, Path(scratch), lambda _: None) as launched:
            rows = [_measured(launched.cloud, number, seconds) for number in CALLERS]
    Console().print(_table(rows))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"load": rows}, indent=2) + "\n")


def _measured(cloud: LocalCloud, number: int, seconds: float) -> dict[str, float]:
    _call(cloud, number, 1)  # so many sandboxes start
    found = _call(cloud, number, seconds)
    percentiles = quantiles(found["ms"], n=100)
    return {
        "callers": number,
        "requests_per_s": round(len(found["ms"]) / found["seconds"], 1),
        "p50_ms": round(percentiles[49], 2),
        "p99_ms": round(percentiles[98], 2),
        "refused": found["refused"],
    }


def _call(cloud: LocalCloud, number: int, seconds: float) -> dict[str, Any]:
    arguments = [cloud.url, cloud.api_key, str(number), str(seconds)]
    command = [sys.executable, "-m", callers.__name__, *arguments]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def _table(rows: list[dict[str, float]]) -> Table:
    table = Table(title="iris over HTTP in the local cloud", title_justify="left")
    for name in rows[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{value:g}" for value in row.values()))
    return table


if __name__ == "__main__":
    main()
