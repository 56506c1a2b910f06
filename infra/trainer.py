"""`flotilla train` and `optimise`: run a script of `training/<model>/` as the module that it is."""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

# What only training's own environment has; the rest of what training takes is in the tests' too.
_HEAVY = {"onnxscript", "torch"}


class TrainError(Exception):
    """Nothing was trained; the message says what to do."""


def train(root: Path, model: str, arguments: Sequence[str], part: str = "train") -> None:
    """Run a script of `model` with `arguments`: its training script, unless `part` is another.

    Raises TrainError when there is none, or what it imports is not installed.
    """
    script = root / "training" / model / f"{part}.py"
    if not script.is_file():
        known = sorted(path.parent.name for path in (root / "training").glob(f"*/{part}.py"))
        raise TrainError(f"{script} is missing, expected one of the models {known}")
    sys.argv = [str(script), *arguments]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("training", "serving"):
            raise
        group = "train" if error.name in _HEAVY else "dev"
        raise TrainError(f"{error.name} is not installed: run `make setup-{group}`") from None
