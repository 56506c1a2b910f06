"""Deploy: build, publish what the account's artifacts bucket lacks, hand the template to SAM.

The bucket is part of the stack, so before a first deployment there is none, and publishing comes
last.  That works because packages carry the artifacts of all but the largest models.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra import contents, template
from infra.package import Built
from infra.resources.usage import PRICES
from serving import artifact as artifacts
from serving import folder as folders
from serving import lock as locks
from serving.folder import ModelFolder
from serving.prices import Prices
from training.release import publish
from training.release.registry import Registry, Version

STACK = "flotilla"
_NO_STACK = "ValidationError"

Say = Callable[[str], None]


class DeployError(Exception):
    """Nothing more was done; the message says what to do."""


class Account(Protocol):
    """Where to deploy to."""

    def registry(self, stack: str) -> Registry | None:
        """The stack's artifacts; None while there is no such stack.  Raises DeployError."""
        ...

    def sam(self, arguments: Sequence[str]) -> None:
        """Run the SAM CLI.  Raises DeployError."""
        ...


def deploy(
    root: Path,
    account: Account,
    build: Callable[[], Built],
    stack: str,
    say: Say,
    parameters: Sequence[str] = (),
) -> None:
    """Deploy the folders below `root` as `stack`; `parameters` are the template's, `NAME=VALUE`.

    Raises DeployError; FolderError, ArtifactError, RegistryError and PackageError as folders,
    artifacts, bucket and packages have it.
    """
    models = checked(root)
    registry = account.registry(stack)
    say("Building the packages")
    if missing := build().missing:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise DeployError(f"not every model can be deployed: {reasons}")
    if registry is not None:
        _publish(root, models, registry, say)
    say(f"Deploying stack {stack}")
    account.sam(sam_arguments(root, stack, parameters))
    if registry is None and (registry := account.registry(stack)) is not None:
        _publish(root, models, registry, say)


def plan(root: Path, stack: str, parameters: Sequence[str] = ()) -> list[str]:
    """What `deploy` would do, one line a step; needs neither SAM nor an account."""
    steps = ["build build/lambda: the layers and every function's package"]
    for model in checked(root):
        lock = locks.read(model.path)
        steps.append(
            f"publish {model.name} version {lock.version} ({lock.digest[:12]}...) "
            f"to the artifacts bucket of stack {stack}, if it is not there"
        )
    return [*steps, shlex.join(["sam", *sam_arguments(root, stack, parameters)])]


def checked(root: Path) -> list[ModelFolder]:
    """The model folders below `root`.  Raises DeployError unless the template is theirs."""
    models = folders.discover(root / "functions")
    path = root / template.PATH.relative_to(template.ROOT)
    if path.read_text() != template.text(template.render(models)):
        raise DeployError(
            f"{path} is not what functions/ render to: run `flotilla render`, look at what it "
            "changes, and deploy again"
        )
    return models


def sam_arguments(root: Path, stack: str, parameters: Sequence[str] = ()) -> list[str]:
    """What the SAM CLI is told; a release that an alarm stops rolls the whole stack back."""
    return [
        *("deploy", "--stack-name", stack),
        *("--template-file", str(root / template.PATH.relative_to(template.ROOT))),
        *("--capabilities", "CAPABILITY_IAM"),
        "--resolve-s3",
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        *(("--parameter-overrides", *map(_checked_parameter, parameters)) if parameters else ()),
    ]


def _checked_parameter(text: str) -> str:
    """A parameter, known to be one that functions can start with.  Raises DeployError."""
    name, separator, value = text.partition("=")
    if name not in (known := sorted(template.parameters())) or not separator:
        raise DeployError(f"the parameter is {text!r}, expected NAME=VALUE of {known}")
    if name == PRICES:
        try:
            Prices.with_overrides(value)
        except ValueError as error:
            raise DeployError(f"parameter {name}: {error}") from None
    return text


def _publish(root: Path, models: Sequence[ModelFolder], registry: Registry, say: Say) -> None:
    for model in models:
        lock = locks.read(model.path)
        new = Version(lock.version, lock.digest) not in registry.versions(model.name)
        if not new and not lock.tuning.mapped:
            continue
        released = artifacts.load(publish.artifact_folder(root, model.name))
        if new:
            say(f"Publishing {model.name} version {lock.version}")
            registry.seed(lock, released)
        form = contents.served(root, lock, released)
        if not contents.rides_along(form):
            registry.store(form)


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """The account that the environment's credentials open, and the SAM CLI to deploy with."""

    session: boto3.Session
    program: str

    @classmethod
    def open(cls, root: Path, region: str | None = None) -> "AwsAccount":
        """The account of the AWS environment variables and profile.  Raises DeployError."""
        session = boto3.Session(region_name=region)
        if session.region_name is None:
            raise DeployError("no AWS region: set AWS_DEFAULT_REGION, or give --region")
        if session.get_credentials() is None:
            raise DeployError("no AWS credentials: run `aws configure`, or set AWS_PROFILE")
        return cls(session, _sam_program(root))

    def registry(self, stack: str) -> Registry | None:
        """The stack's artifacts; None while there is no such stack.  Raises DeployError."""
        formation: Any = self.session.client("cloudformation")
        try:
            outputs = formation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
        except ClientError as error:
            if error.response["Error"]["Code"] == _NO_STACK:
                return None
            raise DeployError(f"AWS refused to describe stack {stack}: {error}") from None
        except BotoCoreError as error:
            raise DeployError(f"AWS cannot be reached: {error}") from None
        named = {output["OutputKey"]: output["OutputValue"] for output in outputs}
        if "ArtifactsBucket" not in named:
            raise DeployError(
                f"stack {stack} has outputs {sorted(named)}, expected ArtifactsBucket among them: "
                "is it one of Flotilla's, and was its last deployment finished?"
            )
        return Registry(self.session.client("s3"), named["ArtifactsBucket"])

    def sam(self, arguments: Sequence[str]) -> None:
        """Run the SAM CLI.  Raises DeployError."""
        settings = {"AWS_DEFAULT_REGION": self.session.region_name, "SAM_CLI_TELEMETRY": "0"}
        status = subprocess.run([self.program, *arguments], env=os.environ | settings).returncode
        if status:
            raise DeployError(f"`sam {arguments[0]}` exited {status}, see above")


def _sam_program(root: Path) -> str:
    """The SAM CLI of this machine, or the one that `make lint` has set up."""
    pinned = root / "build" / "lint" / "sam" / "bin" / "sam"
    if found := shutil.which("sam") or (str(pinned) if pinned.exists() else None):
        return found
    raise DeployError("the SAM CLI is missing: `pip install aws-sam-cli`, or `make lint` brings it")
