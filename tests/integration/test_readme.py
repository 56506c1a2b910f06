"""What the README shows works: each block under `<!-- run -->` is run, its output compared."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra.local.cloud import LocalCloud
from training.release import examples

ROOT = Path(__file__).parents[2]
READMES = [ROOT / name for name in ("README.md", "infra/sdk/README.md", "layers/serving/README.md")]
_BLOCK = re.compile(
    r"<!-- run -->\n```(?P<language>\w+)\n(?P<code>.*?)```\n\n```(?P<kind>\w+)\n(?P<output>.*?)```",
    re.DOTALL,
)
# These differ from one request to the next.
_OF_THE_REQUEST = ("id", "usage")


class Block(NamedTuple):
    """A block of code and the output that is shown below it."""

    language: str
    code: str
    kind: str
    output: str


def blocks() -> list[Block]:
    texts = [readme.read_text() for readme in READMES]
    return [Block(**found.groupdict()) for text in texts for found in _BLOCK.finditer(text)]


@pytest.fixture
def folder(cloud: LocalCloud, tmp_path: Path) -> Path:
    """A folder that looks as the repository does while `make up` runs."""
    state = {
        "s3_endpoint": cloud.s3_endpoint,
        "uploads_bucket": cloud.uploads_bucket,
        "results_bucket": cloud.results_bucket,
    }
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "local.json").write_text(json.dumps(state))
    return tmp_path


def run(block: Block, cloud: LocalCloud, folder: Path) -> str:
    commands = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
    environment = {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "URL": cloud.url,
        "KEY": cloud.api_key,
        "FLOTILLA_URL": cloud.url,
        "FLOTILLA_API_KEY": cloud.api_key,
    }
    done = subprocess.run(
        [*commands[block.language], block.code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_block_that_is_to_be_run_is_found() -> None:
    marked = sum(readme.read_text().count("<!-- run -->") for readme in READMES)
    assert len(blocks()) == marked >= 4


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.code.split("\n")[0][:40])
def test_block_prints_what_is_shown(block: Block, cloud: LocalCloud, folder: Path) -> None:
    used = {tool for tool in ("curl", "jq") if f"{tool} " in block.code}
    if missing := [tool for tool in used if not shutil.which(tool)]:
        pytest.skip(f"{missing} are not on this machine's PATH")
    output = run(block, cloud, folder)
    if block.kind == "text":
        assert output == block.output
        return
    shown: dict[str, Any] = json.loads(block.output)
    answer: dict[str, Any] = json.loads(output)
    of_the_request = {key: shown.pop(key) for key in _OF_THE_REQUEST if key in shown}
    assert of_the_request.keys() <= answer.keys()
    if "usage" in of_the_request:
        assert of_the_request["usage"].keys() == answer["usage"].keys()
    assert examples.differences(shown, answer) == []
