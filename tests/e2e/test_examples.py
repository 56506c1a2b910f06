"""Every model's examples against the cloud that FLOTILLA_URL and FLOTILLA_API_KEY name."""

import json
import os

import pytest
import requests

from infra import contents
from serving import folder, manifest
from tests.integration.fleet import ROOT, artifact
from training.release import examples
from training.release.examples import Example

URL = os.environ.get("FLOTILLA_URL", "")
if not URL:
    pytest.skip("FLOTILLA_URL names no cloud", allow_module_level=True)

HEADERS = {"x-api-key": os.environ.get("FLOTILLA_API_KEY", "")}
_, _MISSING = contents.functions(ROOT)
_EXAMPLES = [
    pytest.param(example, id=f"{model.name}-{example.name}")
    for model in folder.discover(ROOT / "functions")
    if model.name not in _MISSING
    for example in examples.parse(
        (artifact(model.name) / manifest.EXAMPLES).read_bytes(), model.name
    )
]


@pytest.mark.parametrize("example", _EXAMPLES)
def test_example_comes_true(example: Example) -> None:
    headers = {**HEADERS, **example.headers}
    reply = requests.post(f"{URL}{example.path}", example.body, headers=headers, timeout=30)
    assert reply.status_code == 200, reply.text
    assert examples.differences(example.answer, json.loads(reply.text)) == []


def test_without_a_key_nothing_is_answered() -> None:
    reply = requests.post(f"{URL}/v1/models/iris/predict", json={"instances": []}, timeout=30)
    assert reply.status_code == 403
