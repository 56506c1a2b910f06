"""The contestants of a race: Flotilla as it is packaged, and the others as one would write them."""

import compileall
import json
import shutil
import sysconfig
from pathlib import Path

from infra import template
from infra.local.code import Code
from serving import folder
from tests.bench.questions import ROOT, Question
from tests.bench.race import Contestant

BUCKET = "bench"
MEMORY_MB = 1024
TITLES = {
    "flotilla": "Flotilla, packaged",
    "empty": "empty handler (the floor of the runtime client)",
    "floor": "bare process: onnxruntime, session, run",
    "lean": "lean handler on the trimmed layer",
    "samples": "AWS samples' way (boto3 to /tmp)",
    "powertools": "Powertools whole",
    "mangum": "FastAPI through Mangum",
}
# These need packages that are in no layer of ours.
_NEED_MORE = ("powertools", "mangum")
_COMPILED = (
    *("annotated_types", "anyio", "aws_lambda_powertools", "aws_xray_sdk", "boto3", "botocore"),
    *("dateutil", "fastapi", "idna", "jmespath", "mangum", "pydantic", "s3transfer", "starlette"),
    *("typing_inspection", "urllib3", "wrapt"),
)


def entrants(question: Question, scratch: Path) -> list[Contestant]:
    """Everyone who answers `question`, each with a package of its own below `scratch`."""
    everything = scratch / "everything"
    everything.mkdir(exist_ok=True)
    installed = Path(sysconfig.get_path("purelib"))
    (everything / "python").symlink_to(installed)
    for name in _COMPILED:  # as Lambda has what it brings: a sandbox cannot write byte code
        compileall.compile_dir(installed / name, quiet=2)
    others = [name for name in TITLES if name != "flotilla"]
    return [_flotilla(question), *(_other(name, question, scratch) for name in others)]


def _flotilla(question: Question) -> Contestant:
    package = ROOT / "build" / "local"
    layers = (package / "layers" / "runtime", package / "layers" / "serving")
    task_root = package / "functions" / question.model
    environment = _environment(question.model)
    return _contestant("flotilla", task_root, layers, "serving.entry.handler", environment)


def _environment(model: str) -> dict[str, str]:
    """A model's environment as the template has it, each reference resolved to a mere name."""
    [facts] = [found for found in folder.discover(ROOT / "functions") if found.name == model]
    resources = template.render([facts])["Resources"].values()
    [variables] = [
        resource["Properties"]["Environment"]["Variables"]
        for resource in resources
        if resource["Properties"].get("Environment", {}).get("Variables", {}).get("FLOTILLA_MODEL")
    ]
    own = {name: value for name, value in variables.items() if isinstance(value, str)}
    return {**dict.fromkeys(variables, BUCKET), "FLOTILLA_PRICES": "", **own}


def _other(name: str, question: Question, scratch: Path) -> Contestant:
    folder = scratch / question.model / name
    contestants = Path(__file__).parent / "contestants"
    shutil.copytree(contestants / name, folder)
    shutil.copy(contestants / "questions" / f"{question.model}.py", folder / "question.py")
    layer = ROOT / "build" / "local" / "layers" / "runtime"
    layers = (layer, scratch / "everything") if name in _NEED_MORE else (layer,)
    environment = {
        "FOLDER": str(question.folder),
        "FILES": " ".join(question.files),
        "BUCKET": BUCKET,
        "INSTANCES": json.dumps(question.instances),
        # the lean one knows this, too; the others are as one finds them
        **({"OPENBLAS_NUM_THREADS": "1"} if name == "lean" else {}),
    }
    handler = "floor.py" if name == "floor" else "handler.handler"
    return _contestant(name, folder, layers, handler, environment)


def _contestant(
    name: str, task_root: Path, layers: tuple[Path, ...], handler: str, environment: dict[str, str]
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
        environment={
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "ORT_DISABLE_TELEMETRY": "1",
            **environment,
        },
    )
    return Contestant(name, code, in_runtime=name != "floor")
