"""The template's functions, made of the packages that were built for this machine."""

from pathlib import Path

from infra.local.code import Code, Host
from infra.local.evaluate import Evaluator
from infra.local.function import LATEST, Alias, Function
from infra.resources.blocks import Block

# The account's limit, for a function that reserves nothing (AWS Lambda quotas).
_UNRESERVED = 1_000
_TMP_MB = 512  # of /tmp, if the template does not say
_MEMORY_MB, _TIMEOUT_S = 128, 3  # Lambda's defaults


class DeploymentError(Exception):
    """A function's package is not there."""


def deploy(evaluator: Evaluator, build: Path, host: Host) -> dict[str, Function]:
    """Function name -> function, with its first version and its aliases.  Raises DeploymentError.

    Where the template says `build/lambda/functions/iris.zip`, `build/functions/iris` is taken.
    """
    layers = {
        evaluator.ref(name): _package(build, properties["Content"])
        for name, properties in evaluator.of_type("AWS::Lambda::LayerVersion").items()
    }
    functions = {}
    for logical_id, properties in evaluator.of_type("AWS::Lambda::Function").items():
        name = evaluator.name(logical_id)
        folders = tuple(layers[arn] for arn in properties.get("Layers", []))
        code = _code(name, _package(build, properties["Code"]), folders, properties)
        concurrency = properties.get("ReservedConcurrentExecutions", _UNRESERVED)
        functions[name] = Function(code, host, concurrency)
    for alias in evaluator.of_type("AWS::Lambda::Alias").values():
        function = functions[alias["FunctionName"]]
        version = function.publish().version
        function.aliases[alias["Name"]] = Alias(alias["Name"], version)
    return functions


def _code(name: str, task_root: Path, layers: tuple[Path, ...], properties: Block) -> Code:
    return Code(
        name=name,
        version=LATEST,
        task_root=task_root,
        layers=layers,
        handler=properties["Handler"],
        memory_mb=properties.get("MemorySize", _MEMORY_MB),
        timeout_s=properties.get("Timeout", _TIMEOUT_S),
        tmp_mb=properties.get("EphemeralStorage", {}).get("Size", _TMP_MB),
        environment=_started_as(properties)
        | properties.get("Environment", {}).get("Variables", {}),
    )


def _started_as(properties: Block) -> dict[str, str]:
    """With SnapStart, what makes the runtime client run the hooks around a snapshot."""
    applied = properties.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"
    return {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if applied else "on-demand"}


def _package(build: Path, location: Block) -> Path:
    path = Path(location["S3Key"])
    folder = build / path.parent.name / path.stem
    if not folder.is_dir():
        raise DeploymentError(f"{folder} is missing: run `flotilla build --local`")
    return folder.resolve()
