"""`make bench`: Flotilla beside the other ways to serve an ONNX model from a Python Lambda.

Prints a table, and writes `build/bench/bench.json` and `build/bench/bench.png`.  Only ratios travel
between machines; compare what was measured in one run.
"""

import argparse
import asyncio
import json
import shutil
import sys
import sysconfig
import tempfile
from contextlib import ExitStack
from pathlib import Path

import boto3
from rich.console import Console
from rich.table import Table

from infra.local import runtime
from infra.local.clients import CREDENTIALS
from infra.local.code import REGION, Code, Host
from infra.local.moto_process import MotoProcess
from infra.package import build
from tests.bench import chart, explain
from tests.bench.engine import engine_times
from tests.bench.race import Contestant, Times, race

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
MEMORY_MB = 1024
BUCKET = "bench"
EVENT = {
    "httpMethod": "POST",
    "path": "/v1/models/iris/predict",
    "resource": "/v1/models/iris/{proxy+}",
    "headers": {"Content-Type": "application/json"},
    "multiValueHeaders": {"Content-Type": ["application/json"]},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "requestContext": {
        "stage": "live",
        "requestId": "1",
        "httpMethod": "POST",
        "path": "/live/v1/models/iris/predict",
        "identity": {"sourceIp": "127.0.0.1"},
    },
    "body": json.dumps({"instances": [[5.1, 3.5, 1.4, 0.2]]}),
    "isBase64Encoded": False,
}
# name, title, whether it needs packages that are in no layer of ours
_OTHERS = [
    ("empty", "empty handler (the floor)", False),
    ("lean", "lean handler on the trimmed layer", False),
    ("samples", "AWS samples' way (boto3 to /tmp)", False),
    ("powertools", "Powertools whole", True),
    ("mangum", "FastAPI through Mangum", True),
]


def main() -> None:
    """Race all of them, print and write what came out."""
    arguments = _parse()
    console = Console()
    with console.status("building the packages"):
        build("local", ROOT)
    with console.status("racing"):
        times = _race(arguments.rounds, arguments.invokes)
    engine = engine_times(ROOT / "training" / "iris" / "artifact")
    console.print(_table(times))
    console.print(_engine_table(engine))
    console.print(explain.table(explain.costs()))
    _write(times, engine)
    console.print(f"written: {OUT / 'bench.json'}, {OUT / 'bench.png'}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="cold starts of each")
    parser.add_argument("--invokes", type=int, default=200, help="warm invokes after each start")
    return parser.parse_args()


def _race(rounds: int, invokes: int) -> dict[str, Times]:
    with ExitStack() as closing:
        scratch = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        moto = MotoProcess.start(scratch / "moto.log")
        closing.callback(moto.stop)
        model = ROOT / "training" / "iris" / "artifact" / "model.onnx"
        _put(moto.endpoint, model)
        site_packages = runtime.link(scratch / "runtime")
        host = Host(
            runtime=scratch / "runtime",
            visible=(site_packages, ROOT),
            scratch=scratch,
            logs=scratch,
            environment={**CREDENTIALS, "AWS_ENDPOINT_URL": moto.endpoint},
        )
        contestants = [_flotilla(), *_others(model, scratch)]
        event = json.dumps(EVENT).encode()
        try:
            return asyncio.run(race(contestants, host, event, rounds, invokes))
        except SystemExit:
            sys.stderr.write((scratch / "bench.log").read_text()[-4000:])
            raise


def _put(endpoint: str, model: Path) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="model.onnx", Body=model.read_bytes())


def _flotilla() -> Contestant:
    package = ROOT / "build" / "local"
    layers = (package / "layers" / "runtime", package / "layers" / "serving")
    environment = {
        "FLOTILLA_MODEL": "iris",
        "FLOTILLA_ARTIFACTS_BUCKET": BUCKET,
        "FLOTILLA_RESULTS_BUCKET": BUCKET,
        "POWERTOOLS_METRICS_NAMESPACE": "Bench",
        "OPENBLAS_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    task_root = package / "functions" / "iris"
    return _contestant(
        "flotilla", "Flotilla, packaged", task_root, layers, "serving.entry.handler", environment
    )


def _others(model: Path, scratch: Path) -> list[Contestant]:
    layer = ROOT / "build" / "local" / "layers" / "runtime"
    everything = scratch / "everything"
    everything.mkdir()
    (everything / "python").symlink_to(sysconfig.get_path("purelib"))
    return [
        _contestant(
            name,
            title,
            _copied(name, scratch),
            (layer, everything) if needs_more else (layer,),
            "handler.handler",
            {
                "MODEL": str(model),
                "BUCKET": BUCKET,
                "ORT_DISABLE_TELEMETRY": "1",
                # the lean one knows this, too; the others are as one finds them
                **({"OPENBLAS_NUM_THREADS": "1"} if name == "lean" else {}),
            },
        )
        for name, title, needs_more in _OTHERS
    ]


def _copied(name: str, scratch: Path) -> Path:
    """A contestant's folder as a package of its own."""
    folder = scratch / name
    shutil.copytree(Path(__file__).parent / "contestants" / name, folder)
    return folder


def _contestant(
    name: str,
    title: str,
    task_root: Path,
    layers: tuple[Path, ...],
    handler: str,
    environment: dict[str, str],
) -> Contestant:
    code = Code(
        name=name,
        version="1",
        task_root=task_root,
        layers=layers,
        handler=handler,
        memory_mb=MEMORY_MB,
        timeout_s=28,
        tmp_mb=512,
        environment={"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", **environment},
    )
    return Contestant(name, title, code)


def titles() -> dict[str, str]:
    """What each contestant is called, by its name."""
    return {"flotilla": "Flotilla, packaged"} | {name: title for name, title, _ in _OTHERS}


def _table(times: dict[str, Times]) -> Table:
    table = Table(title="iris, medians; ratios to the AWS samples' way", title_justify="left")
    for column in ("served by", "start to first answer, ms", "ratio", "CPU, ms", "memory, MB"):
        table.add_column(column, justify="left" if column == "served by" else "right")
    table.add_column("an invoke, us", justify="right")
    yardstick = times["samples"].medians()["first_answer_ms"]
    for name, title in titles().items():
        found = times[name].medians()
        table.add_row(
            title,
            f"{found['first_answer_ms']:.0f}",
            f"{found['first_answer_ms'] / yardstick:.2f}",
            f"{found['first_answer_cpu_ms']:.0f}",
            f"{found['resident_mb']:.0f}",
            f"{found['invoke_us']:.0f}",
        )
    return table


def _engine_table(engine: dict[str, float]) -> Table:
    table = Table(title="the engine in its own process, us, medians", title_justify="left")
    table.add_column("step")
    table.add_column("us", justify="right")
    for step, value in engine.items():
        table.add_row(step, f"{value:.1f}")
    return table


def _write(times: dict[str, Times], engine: dict[str, float]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    medians = {name: found.medians() for name, found in times.items()}
    document = {"python": sys.version.split()[0], "race": medians, "engine_us": engine}
    (OUT / "bench.json").write_text(json.dumps(document, indent=2) + "\n")
    chart.draw(medians, titles(), OUT / "bench.png")


if __name__ == "__main__":
    main()
