"""What `entry` imports before everything else, so that the rest of init imports less.

Most of a start is Python executing modules that no request needs: all of numpy for its core, all of
onnxruntime's and tokenizers' Python for their one compiled module.  Here these packages are put in
place without running their `__init__`; that happens when something is asked of one that its core
has not, so whoever imports them later finds them whole.  Nothing happens to one that is loaded.
"""

import gc
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# Nothing that init makes is garbage: `entry` switches the collector on again at its end.
gc.disable()


class _Deferred(ModuleType):
    """A package whose `__init__` runs when something is asked of it that is not there yet."""

    __spec__: ModuleSpec

    def __getattr__(self, name: str) -> Any:
        loaded = sys.modules.get(f"{self.__name__}.{name}")
        if loaded is not None:  # a submodule in the midst of its own import
            return loaded
        if name.startswith("__"):  # what importlib looks for in every module
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]
        if self.__spec__.loader is not None:
            self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def defer(name: str) -> ModuleType | None:
    """Put a package in place without running it; None when it is loaded, or not there."""
    parent, _, last = name.rpartition(".")
    found = None
    if name not in sys.modules:
        found = PathFinder.find_spec(name, sys.modules[parent].__path__ if parent else None)
    if found is None:
        return None
    package = _Deferred(name)
    package.__spec__, package.__loader__, package.__package__ = found, found.loader, name
    package.__file__, package.__path__ = found.origin, found.submodule_search_locations or []
    sys.modules[name] = package
    if parent:
        setattr(sys.modules[parent], last, package)
    return package


def _defer_numpy() -> None:
    """Load numpy's core, with neither the rest of it nor the docstrings of what is written in C."""
    numpy = defer("numpy")
    if numpy is None:
        return
    for docstrings in ("numpy._core._add_newdocs", "numpy._core._add_newdocs_scalars"):
        sys.modules[docstrings] = ModuleType(docstrings)
    # Never `from numpy import ...` here: that asks numpy for it, and numpy would be loaded whole.
    from numpy._globals import _NoValue
    from numpy.version import version

    vars(numpy).update(__version__=version, _NoValue=_NoValue)
    import numpy._core as core

    vars(numpy).update({name: getattr(core, name) for name in core.__all__})
    lib = defer("numpy.lib")
    if lib is not None:  # pybind11 asks it for numpy's version before it makes the first array
        from numpy.lib._version import NumpyVersion

        lib.NumpyVersion = NumpyVersion  # type: ignore[attr-defined]


_defer_numpy()
defer("onnxruntime")
defer("tokenizers")
