"""`flotilla train` and `optimise`: run a script of `training/<model>/` as the module that it is.

What `optimise` has once made is kept and only timed again.
"""

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
    script = _script(root, model, part)
    sys.argv = [str(script), *arguments]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except ModuleNotFoundError as error:
        raise _uninstalled(error) from None


def optimise(root: Path, model: str, arguments: Sequence[str], fresh: bool = False) -> str:
    """Measure a model's variants; says what was done.

    Variants that were made before are only timed again, unless `fresh` asks for new ones.

    Raises TrainError as `train` does.
    """
    _script(root, model, "optimise")
    try:
        from training import remeasure
        from training.networks import timing
    except ModuleNotFoundError as error:
        raise _uninstalled(error) from None

    if fresh or arguments or not timing.is_kept(model):
        train(root, model, arguments, "optimise")
        return f"{model}: made and measured; `flotilla train {model}` puts it on the card"
    remeasure.remeasure(root / "training" / model)
    return f"{model}: timed again, ladder and card are written"


def laddered(root: Path) -> list[str]:
    """The models that have a ladder."""
    return sorted(path.parent.name for path in (root / "training").glob("*/ladder.json"))


def _script(root: Path, model: str, part: str) -> Path:
    script = root / "training" / model / f"{part}.py"
    if not script.is_file():
        homes = {path.parent for path in (root / "training").glob(f"*/{part}.py")}
        known = sorted(home.name for home in homes if (home / "train.py").is_file())
        raise TrainError(f"{script} is missing, expected one of the models {known}")
    return script


def _uninstalled(error: ModuleNotFoundError) -> Exception:
    """What to do about a module that is not there; a missing one of ours is a bug."""
    if (error.name or "").partition(".")[0] in ("training", "serving"):
        return error
    group = "train" if error.name in _HEAVY else "dev"
    return TrainError(f"{error.name} is not installed: run `make setup-{group}`")
