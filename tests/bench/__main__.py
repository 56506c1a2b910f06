"""`make bench`: Flotilla beside the other ways to serve an ONNX model from a Python Lambda.

Prints tables, and writes `build/bench/bench.json` and `build/bench/bench.png`; with `--record` also
`tests/bench/recorded.json` and the README's chart.  Only ratios travel between machines; compare
what was measured in one run.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import boto3
from rich.console import Console

from infra.local import runtime
from infra.local.clients import CREDENTIALS
from infra.local.code import REGION, Host
from infra.local.moto_process import MotoProcess
from infra.package import build
from tests.bench import chart, engine, explain, memory, report, served
from tests.bench.entrants import BUCKET, TITLES, entrants
from tests.bench.questions import ROOT, Question, askable
from tests.bench.race import race
from tests.bench.report import Medians

OUT = ROOT / "build" / "bench"
RECORDED = Path(__file__).with_name("recorded.json")
CHART = Path(__file__).with_name("recorded.png")


def main() -> None:
    """Race all of them, measure the engine alone, print and write what came out."""
    arguments = _parse()
    console = Console(width=None if sys.stdout.isatty() else 120)
    with console.status("building the packages"):
        build("local", ROOT)
    races: dict[str, Medians] = {}
    for question in askable():
        with console.status(f"racing {question.model}"):
            races[question.model] = _race(question, arguments.rounds, arguments.invokes)
        console.print(report.race_table(question.model, races[question.model]))
    with console.status("measuring the engine alone"):
        rows, growth_mb, models = engine.rows(), memory.growth_mb(), served.durations()
    console.print(report.engine_table(rows))
    console.print(explain.table(explain.costs()))
    console.print(report.budget_table(races, growth_mb, memory.BUDGET_MB))
    document = {
        "python": sys.version.split()[0],
        "titles": TITLES,
        "races": races,
        "engine": [asdict(row) for row in rows],
        "growth_mb": round(growth_mb, 2),
        "models": models,
    }
    _write(document, races, arguments.record)
    console.print(f"written: {OUT / 'bench.json'}, {OUT / 'bench.png'}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="cold starts of each")
    parser.add_argument("--invokes", type=int, default=50, help="warm invokes after each start")
    parser.add_argument("--record", action="store_true", help="what the README shows")
    return parser.parse_args()


def _race(question: Question, rounds: int, invokes: int) -> Medians:
    with ExitStack() as closing:
        scratch = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        moto = MotoProcess.start(scratch / "moto.log")
        closing.callback(moto.stop)
        _put(moto.endpoint, question)
        site_packages = runtime.link(scratch / "runtime")
        host = Host(
            runtime=scratch / "runtime",
            visible=(site_packages, ROOT),
            scratch=scratch,
            logs=scratch,
            environment={**CREDENTIALS, "AWS_ENDPOINT_URL": moto.endpoint},
        )
        event = json.dumps(question.event).encode()
        try:
            times = asyncio.run(race(entrants(question, scratch), host, event, rounds, invokes))
        except SystemExit:
            sys.stderr.write((scratch / "bench.log").read_text()[-4000:])
            raise
        return {name: found.medians() for name, found in times.items()}


def _put(endpoint: str, question: Question) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
    s3.create_bucket(Bucket=BUCKET)
    for name in question.files:
        s3.put_object(Bucket=BUCKET, Key=name, Body=(question.folder / name).read_bytes())


def _write(document: dict[str, object], races: dict[str, Medians], record: bool) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2) + "\n"
    (OUT / "bench.json").write_text(text)
    chart.draw(races, OUT / "bench.png")
    if record:
        RECORDED.write_text(text)
        chart.draw(races, CHART)


if __name__ == "__main__":
    main()
