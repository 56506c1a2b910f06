"""The template's translation is kept, and made anew when it must be."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.translation import KEPT, translate

TEMPLATE: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "one"}},
        "Layer": {
            "Type": "AWS::Serverless::LayerVersion",
            "Properties": {"ContentUri": "../build/lambda/layers/extra.zip"},
        },
    },
}


def mark(build: Path) -> None:
    """Make the kept translation one that no translator would give."""
    kept = json.loads((build / KEPT).read_bytes())
    kept["stack"]["Resources"]["Bucket"]["Properties"]["BucketName"] = "kept"
    (build / KEPT).write_text(json.dumps(kept))


def bucket(stack: dict[str, Any]) -> str:
    name: str = stack["Resources"]["Bucket"]["Properties"]["BucketName"]
    return name


def test_same_template_is_translated_once(tmp_path: Path) -> None:
    stack = translate(TEMPLATE, tmp_path)
    kinds = {block["Type"] for block in stack["Resources"].values()}
    assert kinds == {"AWS::S3::Bucket", "AWS::Lambda::LayerVersion"}
    mark(tmp_path)
    assert bucket(translate(TEMPLATE, tmp_path)) == "kept"
    assert [path.name for path in tmp_path.iterdir()] == [KEPT]


def test_changed_template_is_translated_anew(tmp_path: Path) -> None:
    translate(TEMPLATE, tmp_path)
    mark(tmp_path)
    changed = copy.deepcopy(TEMPLATE)
    changed["Resources"]["Bucket"]["Properties"]["BucketName"] = "two"
    assert bucket(translate(changed, tmp_path)) == "two"


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}"])
def test_damaged_translation_is_made_anew(tmp_path: Path, damage: str) -> None:
    (tmp_path / KEPT).write_text(damage)
    assert bucket(translate(TEMPLATE, tmp_path)) == "one"
