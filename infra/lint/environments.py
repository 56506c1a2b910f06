"""Environments for tools whose pins clash with ours and with each other's."""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path("build") / "lint"
_PINS = Path("infra") / "lint"
_STAMP = "pins.sha256"


def command(tool: str, root: Path = ROOT) -> Path:
    """The program `tool`, from an environment that holds the pins of `infra/lint/<tool>.txt`.

    Made on first use and when the pins change.  Raises CalledProcessError when that fails.
    """
    pins, environment = root / _PINS / f"{tool}.txt", root / FOLDER / tool
    stamp = environment / _STAMP
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print(f"Setting up {tool} in {FOLDER / tool} ...", flush=True)
        venv.create(environment, clear=True, symlinks=True)
        _install(environment / "bin" / "python", pins)
        stamp.write_text(digest)
    return environment / "bin" / tool


def _install(python: Path, pins: Path) -> None:
    if shutil.which("uv"):
        install = ["uv", "pip", "install", f"--python={python}"]
    else:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", f"--python={python}"]
        install = [*pip, "install"]
    what = ["--quiet", "--no-deps", "--require-hashes", "-r", str(pins)]
    subprocess.run([*install, *what], check=True)
