"""Packages whose `__init__` waits, each case in a Python of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

import serving

CORE_ONLY = """
import serving.lean_imports, sys
import numpy as np
"""

# Each is imported first thing after the core, so that nothing else has loaded what it needs.
ASKED_LATER = [
    "from numpy import pad, linalg; assert linalg.norm([3, 4]) == 5 and pad([1], 1).sum() == 1",
    "import numpy.lib.format, numpy.lib; assert numpy.lib.NumpyVersion('2.4.0').major == 2",
    "import numpy.linalg; assert numpy.linalg.inv([[2.0]]) == 0.5",
    "import numpy.fft; assert numpy.fft.rfft([1.0]) == 1",
    "import numpy.random; assert 0 <= numpy.random.default_rng(1).random() < 1",
    "import numpy.ma; assert numpy.ma.array([1, 2], mask=[0, 1]).sum() == 1",
    "import numpy.polynomial; assert numpy.polynomial.Polynomial([1, 2])(1) == 3",
    "from numpy.typing import NDArray; import numpy.testing, numpy.ctypeslib, numpy.rec",
    "assert np.take_along_axis(np.arange(2), np.array([1]), 0) == 1 and np.tile(1, 2).size == 2",
    "import pickle; assert pickle.loads(pickle.dumps(np.arange(3))).sum() == 3",
    "assert 'linalg' in dir(np.linalg and np) and np.__version__",
    "import onnxruntime as ort; assert ort.InferenceSession and ort.__version__",
    "from tokenizers import Tokenizer, models; assert Tokenizer(models.BPE())",
]


def run(code: str) -> subprocess.CompletedProcess[str]:
    folder = str(Path(serving.__file__).parents[1])
    command = [sys.executable, "-W", "error", "-c", code]
    environment = {"PYTHONPATH": folder, "ORT_DISABLE_TELEMETRY": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_core_is_there_without_the_rest() -> None:
    found = run(
        CORE_ONLY + "assert np.array([1, 2], dtype=np.float32).mean() == 1.5\n"
        "with np.errstate(all='raise'): assert np.isfinite(np.stack([np.zeros(2)])).all()\n"
        "assert not {'numpy.lib._npyio_impl', 'numpy.linalg'} & set(sys.modules)\n"
    )
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("code", ASKED_LATER)
def test_what_is_asked_for_later_is_loaded_then(code: str) -> None:
    found = run(CORE_ONLY + code)
    assert found.returncode == 0, found.stderr


def test_what_is_not_there_is_an_attribute_error() -> None:
    found = run(
        CORE_ONLY + "for name in ('no_such_thing', '__no_such_thing__'):\n"
        "    assert not hasattr(np, name)\n    assert not hasattr(sys.modules['numpy.lib'], name)"
    )
    assert found.returncode == 0, found.stderr


def test_what_is_loaded_already_stays_as_it_is() -> None:
    found = run(
        "import numpy; before = dict(vars(numpy))\nimport serving.lean_imports\n"
        "assert vars(numpy) == before and type(numpy).__name__ == 'module'"
    )
    assert found.returncode == 0, found.stderr


def test_a_package_that_is_not_installed_is_none() -> None:
    found = run("from serving.lean_imports import defer; assert defer('no_such_package') is None")
    assert found.returncode == 0, found.stderr
