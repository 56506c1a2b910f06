"""Render the model folders into the SAM template, `infra/template.yaml`.

`render` is a pure function, read top down: what is shared, then what each model adds.  The rendered
file is committed, so that a reviewer sees what a change does to the cloud: `flotilla render` writes
it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.resources import gateway, jobs, storage, tables, usage
from infra.resources.authorizer import authorizer
from infra.resources.blocks import Block, Resources, ref
from infra.resources.catalog import catalog
from infra.resources.dashboard import dashboard
from infra.resources.dispatch import dispatch
from infra.resources.functions import layers
from infra.resources.model import model
from infra.resources.release import releasing
from infra.resources.routes import gathered
from serving.errors import FolderError
from serving.folder import ModelFolder

ROOT = Path(__file__).parents[1]
PATH = ROOT / "infra" / "template.yaml"
_HEADER = "# Rendered from functions/ by `flotilla render`; change that, not this.\n"
_INTRINSICS = {"Ref", "Fn::GetAtt", "Fn::Sub"}


def render(models: Sequence[ModelFolder]) -> Block:
    """The SAM template for these models.  Raises FolderError when two of them clash."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": "Flotilla: ONNX models, one Lambda function each, behind one REST API",
        "Parameters": parameters(),
        "Resources": _resources(models),
        "Outputs": {
            "ApiUrl": _output("Where the models answer", gateway.url()),
            "UploadsBucket": _output("Uploads go to in/<model>/", ref(storage.UPLOADS)),
            "ResultsBucket": _output("Answers come to out/<model>/", ref(storage.RESULTS)),
            "ArtifactsBucket": _output("Published artifacts", ref(storage.ARTIFACTS)),
            "KeysTable": _output("Callers' keys, for `flotilla keys`", ref(tables.KEYS)),
            "UsageTable": _output("What each caller used", ref(tables.USAGE)),
        },
    }


def parameters() -> dict[str, Block]:
    """What a deployment may say."""
    return usage.parameters() | jobs.parameters()


def text(template: Block) -> str:
    """The template as YAML; the same template always gives the same text."""
    body = yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    return _HEADER + body


def _resources(models: Sequence[ModelFolder]) -> Resources:
    resources: Resources = {
        **gateway.gateway(),
        **storage.storage(),
        **tables.tables(),
        **layers(),
        **releasing(),
        **authorizer(),
        **catalog(),
        **dispatch(),
        **usage.usage(),
        **jobs.jobs(),
        **dashboard(),
    }
    for folder in models:
        added = model(folder)
        if clash := sorted(added.keys() & resources.keys()):
            raise FolderError(
                f"{folder.path}: the name {folder.name!r} gives {clash[0]}, which is taken"
            )
        resources |= added
    return gathered(resources, gateway.API)


def _output(description: str, value: Block) -> Block:
    return {"Description": description, "Value": value}


class _Dumper(yaml.SafeDumper):
    """Block style, but intrinsic functions on one line; no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_dict(self, data: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().represent_dict(data)
        node.flow_style = data.keys() <= _INTRINSICS and bool(data)
        return node


_Dumper.add_representer(dict, _Dumper.represent_dict)
