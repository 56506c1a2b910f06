"""Environments for tools whose pins clash with ours and with each other's."""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINS = ROOT / "infra" / "lint"
ENVIRONMENTS = ROOT / "build" / "lint"
_STAMP = "pins.sha256"


def command(tool: str) -> Path:
    """The program `tool`, from an environment that holds the pins of `infra/lint/<tool>.txt`.

    Made on first use and when the pins change.  Raises CalledProcessError when that fails.
    """
    pins = PINS / f"{tool}.txt"
    environment = ENVIRONMENTS / tool
    stamp = environment / _STAMP
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print(f"Setting up {tool} in {environment.relative_to(ROOT)} ...", flush=True)
        venv.create(environment, clear=True, symlinks=True)
        _install(environment / "bin" / "python", pins)
        stamp.write_text(digest)
    return environment / "bin" / tool


def _install(python: Path, pins: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", f"--python={python}"]
    installer = (
        ["uv", "pip", "install", f"--python={python}"] if shutil.which("uv") else [*pip, "install"]
    )
    subprocess.run(
        [*installer, "--quiet", "--no-deps", "--require-hashes", "-r", str(pins)], check=True
    )
