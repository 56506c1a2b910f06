"""The linter that fits into our own environment; `make lint` runs the other two as well."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra import template
from infra.lint import environments
from tests.unit.infra.fleet import FLEET


def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    source = tmp_path / "template.yaml"
    source.write_text(template.text(template.render(FLEET)))
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([cfn_lint, source], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_environment_is_made_when_its_pins_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = tmp_path / "infra" / "lint" / "tool.txt"
    pins.parent.mkdir(parents=True)
    pins.write_text("# nothing yet\n")
    made = [environments.command("tool", tmp_path) for _ in range(2)]
    pins.write_text("# still nothing\n")
    made.append(environments.command("tool", tmp_path))
    assert made == [tmp_path / "build" / "lint" / "tool" / "bin" / "tool"] * 3
    assert made[0].with_name("python").exists()
    assert capsys.readouterr().out.count("Setting up tool in build/lint/tool") == 2
