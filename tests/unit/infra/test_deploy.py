"""Deploying: in which order, what is refused, and how it speaks to AWS and SAM."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra import template
from infra.deploy import STACK, AwsAccount, DeployError, deploy, plan
from infra.package import Built
from infra.packing import Platform
from serving import artifact as artifacts
from serving import folder as folders
from serving import lock as locks
from serving.artifact import Artifact
from serving.lock import Lock
from tests.artifacts import classifier
from training.release.registry import Registry, Version

BUCKET = "artifacts"
REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of this machine's accounts."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(name="credentials")
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """A repository of one model, its template rendered."""
    model = tmp_path / "functions" / "tiny"
    model.mkdir(parents=True)
    (model / "model.toml").write_text('description = "Tiny"\ntask = "tabular_classification"\n')
    lock = Lock(3, _artifact(tmp_path).digest, 1, {})
    (model / locks.NAME).write_text(locks.render(lock))
    (tmp_path / "infra").mkdir()
    rendered = template.render(folders.discover(tmp_path / "functions"))
    (tmp_path / "infra" / "template.yaml").write_text(template.text(rendered))
    return tmp_path


def _artifact(root: Path) -> Artifact:
    return artifacts.load(classifier(root / "training" / "tiny" / "artifact"))


class Account:
    """An account that keeps a diary; its stack is there, or comes with the first `sam deploy`."""

    def __init__(self, s3: Any, deployed: bool) -> None:
        self._registry = Registry(s3, BUCKET)
        self._deployed = deployed
        self.diary: list[str] = []

    def registry(self, stack: str) -> Registry | None:
        assert stack == STACK
        return self._registry if self._deployed else None

    def sam(self, arguments: Sequence[str]) -> None:
        self._deployed = True
        self.diary.append(f"sam {arguments[0]} with {len(self.published())} versions published")

    def published(self) -> list[Version]:
        return self._registry.versions("tiny")


@pytest.fixture(name="s3")
def _s3(credentials: None) -> Iterator[Any]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        yield s3


def _built(**missing: str) -> Built:
    return Built(Platform("lambda", None, "", True), Path(), (), (), missing)


def _deploy(root: Path, account: Account, built: Built | None = None) -> list[str]:
    said: list[str] = []
    deploy(root, account, lambda: built or _built(), STACK, said.append)
    return said


def test_artifacts_are_published_before_functions_ask_for_them(root: Path, s3: Any) -> None:
    account = Account(s3, deployed=True)
    said = _deploy(root, account)
    assert account.diary == ["sam deploy with 1 versions published"]
    assert account.published() == [Version(3, _artifact(root).digest)]
    assert said == [
        "Building the packages",
        "Publishing tiny version 3",
        "Deploying stack flotilla",
    ]


def test_first_deployment_makes_the_bucket_and_publishes_then(root: Path, s3: Any) -> None:
    account = Account(s3, deployed=False)
    _deploy(root, account)
    assert account.diary == ["sam deploy with 0 versions published"]
    assert account.published() == [Version(3, _artifact(root).digest)]


def test_what_is_published_stays_as_it_is(root: Path, s3: Any) -> None:
    account = Account(s3, deployed=True)
    _deploy(root, account)
    assert "Publishing tiny version 3" not in _deploy(root, account)


def test_published_model_needs_no_artifact_on_disk(root: Path, s3: Any) -> None:
    account = Account(s3, deployed=True)
    _deploy(root, account)
    (root / "training" / "tiny" / "artifact" / "manifest.json").unlink()
    _deploy(root, account)
    assert len(account.diary) == 2


def test_model_without_a_package_stops_everything(root: Path, s3: Any) -> None:
    account = Account(s3, deployed=True)
    with pytest.raises(DeployError, match="tiny: run `flotilla train tiny`"):
        _deploy(root, account, _built(tiny="run `flotilla train tiny`"))
    assert (account.diary, account.published()) == ([], [])


def test_template_of_other_folders_is_refused(root: Path, s3: Any) -> None:
    facts = root / "functions" / "tiny" / "model.toml"
    facts.write_text(facts.read_text() + "memory_mb = 1024\n")
    account = Account(s3, deployed=True)
    with pytest.raises(DeployError, match="run `flotilla render`"):
        _deploy(root, account)
    assert account.diary == []


def test_plan_tells_the_steps_and_takes_none(root: Path) -> None:
    build, publish, sam = plan(root, "staging")
    assert build.startswith("build build/lambda")
    assert publish.startswith("publish tiny version 3")
    assert sam.startswith("sam deploy --stack-name staging --template-file ")
    assert "--capabilities CAPABILITY_IAM" in sam


def test_parameters_go_to_sam_once_they_make_sense(root: Path) -> None:
    *_, sam = plan(root, "staging", ["Prices=gateway_call:0,request:1e-7"])
    assert sam.endswith("--parameter-overrides Prices=gateway_call:0,request:1e-7")
    with pytest.raises(DeployError, match="parameter Prices: there is no price 'gateway'"):
        plan(root, "staging", ["Prices=gateway:0"])
    for text in ("Price=1", "Prices"):
        with pytest.raises(DeployError, match=r"expected NAME=VALUE of \['Prices"):
            plan(root, "staging", [text])


@pytest.fixture(name="sam")
def _sam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SAM CLI that writes down how it was called, on a PATH of its own."""
    program = tmp_path / "bin" / "sam"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@ $AWS_DEFAULT_REGION $SAM_CLI_TELEMETRY" > {tmp_path}/called\n'
        'test "$1" = deploy\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return tmp_path / "called"


@pytest.mark.usefixtures("credentials")
def test_sam_is_told_the_region_and_to_keep_quiet(tmp_path: Path, sam: Path) -> None:
    AwsAccount.open(tmp_path, REGION).sam(["deploy", "--resolve-s3"])
    assert sam.read_text() == f"deploy --resolve-s3 {REGION} 0\n"


@pytest.mark.usefixtures("credentials", "sam")
def test_failure_of_sam_is_ours(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="`sam validate` exited 1, see above"):
        AwsAccount.open(tmp_path, REGION).sam(["validate"])


@pytest.mark.usefixtures("credentials")
def test_missing_sam_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeployError, match=r"the SAM CLI is missing: .*`make lint`"):
        AwsAccount.open(tmp_path, REGION)


@pytest.mark.usefixtures("credentials")
def test_pinned_sam_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    pinned = tmp_path / "build" / "lint" / "sam" / "bin" / "sam"
    pinned.parent.mkdir(parents=True)
    pinned.touch()
    assert AwsAccount.open(tmp_path, REGION).program == str(pinned)


@pytest.mark.usefixtures("sam")
def test_missing_credentials_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no AWS credentials: run `aws configure`"):
        AwsAccount.open(tmp_path, REGION)


@pytest.mark.usefixtures("sam", "credentials")
def test_missing_region_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no AWS region: set AWS_DEFAULT_REGION"):
        AwsAccount.open(tmp_path)


class Session:
    """A session whose CloudFormation knows one stack, by its outputs."""

    region_name = REGION

    def __init__(self, error: str | None = None, **outputs: str) -> None:
        self._error = error
        self._outputs = outputs

    def client(self, service: str) -> Any:
        return self if service == "cloudformation" else service

    def describe_stacks(self, StackName: str) -> Any:
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": StackName}}, "Describe")
        outputs = [{"OutputKey": key, "OutputValue": self._outputs[key]} for key in self._outputs]
        return {"Stacks": [{"Outputs": outputs}]}


def _registry(session: Any) -> Registry | None:
    return AwsAccount(session, "sam").registry(STACK)


def test_registry_is_the_stacks_artifacts_bucket() -> None:
    assert _registry(Session(ArtifactsBucket="mine", ApiUrl="u")) == Registry("s3", "mine")


def test_stack_that_is_not_there_has_no_registry() -> None:
    assert _registry(Session("ValidationError")) is None


def test_refusal_of_aws_is_ours() -> None:
    with pytest.raises(DeployError, match=r"AWS refused .* stack flotilla: .*ExpiredToken"):
        _registry(Session("ExpiredToken"))


def test_somebody_elses_stack_is_refused() -> None:
    with pytest.raises(DeployError, match=r"has outputs \['Site'\], expected ArtifactsBucket"):
        _registry(Session(Site="x"))
