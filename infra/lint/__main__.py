"""Check the template: cfn-lint, `sam validate --lint`, and checkov on what SAM makes of it.

`python -m infra.lint` runs them all, and exits with 1 when one of them finds something.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra import template
from infra.lint import environments
from infra.resources.blocks import Block
from infra.transform import REGION, transform
from serving.folder import discover

CHECKOV_SETTINGS = Path(__file__).with_name("checkov.yaml")

Commands = dict[str, Callable[[], list[str]]]


def main() -> int:
    """Check the folders' template; the exit status."""
    models = discover(template.ROOT / "functions")
    folder = template.ROOT / environments.FOLDER
    return max(check(template.render(models), folder).values())


def check(rendered: Block, folder: Path) -> dict[str, int]:
    """Check a SAM template, by way of files in `folder`; the exit status of every tool."""
    source, transformed = folder / "infra" / "template.yaml", folder / "transformed.json"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(template.text(rendered))
    transformed.write_text(json.dumps(transform(rendered), indent=2))
    return {name: _run(name, command()) for name, command in _commands(source, transformed).items()}


def _commands(source: Path, transformed: Path) -> Commands:
    """Tool -> command; the tool may be set up only when its turn comes."""
    cfn_lint = str(Path(sys.executable).with_name("cfn-lint"))
    settings = str(CHECKOV_SETTINGS)
    return {
        "cfn-lint": lambda: [cfn_lint, str(source), str(transformed)],
        "sam validate": lambda: [
            *(str(environments.command("sam")), "validate", "--lint"),
            *("--template", str(source)),
        ],
        "checkov": lambda: [
            *(str(environments.command("checkov")), "--config-file", settings),
            *("--file", str(transformed)),
        ],
    }


def _run(name: str, command: list[str]) -> int:
    """Run a tool, and show what it said when it found something."""
    started = time.monotonic()
    # SAM asks for a region even to validate, and reports home unless told not to.
    settings = {"AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        command,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    verdict = "clean" if done.returncode == 0 else f"exit status {done.returncode}"
    print(f"{name:<13} {verdict}, {time.monotonic() - started:.1f} s", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
