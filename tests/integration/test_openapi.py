"""The API's description against the API: its examples come true, random requests find no lie."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests import fuzz
from training.release import examples

# Few, as this costs time; `make fuzz` asks for all of them.
TAGS = ("linear_demo", "reviews_zh", "usage", "fleet")
Json = Any


@pytest.fixture(scope="module")
def described(cloud: LocalCloud) -> Json:
    return cloud.http("GET", "/openapi.json").json()


def test_examples_work_when_they_are_pasted(cloud: LocalCloud, described: Json) -> None:
    asked = 0
    for path, item in described["paths"].items():
        operation = item.get("post", {})
        content = operation.get("requestBody", {}).get("content", {})
        for media_type, media in content.items():
            for name, example in media.get("examples", {}).items():
                text = media_type.startswith("text/")
                body = example["value"] if text else json.dumps(example["value"])
                headers = {"content-type": media_type}
                url = path.replace("{version}", _version(item))
                reply = cloud.http("POST", url, body.encode(), headers)
                assert reply.status == (202 if url.endswith("/jobs") else 200), (url, reply.body)
                answered = operation["responses"].get("200", {"content": {}})["content"]
                shown = answered.get("application/json", {})
                known = shown.get("examples", {}).get(name, {}).get("value", {})
                answer = {key: known[key] for key in ("predictions", "outputs") if key in known}
                assert examples.differences(answer, reply.json(), f"{url} {name}") == []
                asked += 1
    assert asked > 50


def _version(item: Json) -> str:
    (first,) = item["parameters"][0]["schema"]["enum"] if "parameters" in item else [""]
    return str(first)


def test_random_requests_find_nothing_undescribed(cloud: LocalCloud, tmp_path: Path) -> None:
    """No 500, and no answer that the description does not have; `make fuzz` asks for longer."""
    chosen = [part for tag in TAGS for part in ("--include-tag", tag)]
    options = ["--phases", "examples,fuzzing", "--max-examples", "2", "--seed", "1", "--no-color"]
    ran = subprocess.run(
        fuzz.command(cloud.url, [*chosen, *options]),
        cwd=tmp_path,
        env=fuzz.environment(cloud.url, cloud.api_key),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
