"""`model.py`: what one model does before and after its graph, when its task is not enough."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

from serving.errors import FolderError
from serving.types import Tensors

NAME = "model.py"
Step = Callable[[Tensors], Tensors]


def unchanged(tensors: Tensors) -> Tensors:
    """The step of a model that has no such hook."""
    return tensors


@dataclass(frozen=True, slots=True)
class Hooks:
    """A model's own steps: `preprocess` on decoded inputs, `postprocess` on the graph's outputs."""

    preprocess: Step = unchanged
    postprocess: Step = unchanged


def load(folder: Path) -> Hooks:
    """The hooks of a model folder; none when it has no `model.py`.

    Raises FolderError for any other public function, so that a misspelt hook is not skipped.
    """
    path = folder / NAME
    if not path.is_file():
        return Hooks()
    import importlib.util

    spec = importlib.util.spec_from_file_location(f"{folder.name}_hooks", path)
    if spec is None or spec.loader is None:
        raise FolderError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {
        name: function
        for name, function in vars(module).items()
        if isinstance(function, FunctionType)
        and function.__module__ == module.__name__
        and not name.startswith("_")
    }
    unknown = sorted(found.keys() - {"preprocess", "postprocess"})
    if unknown:
        raise FolderError(f"{path}: function {unknown[0]!r}, expected preprocess or postprocess")
    return Hooks(**found)
