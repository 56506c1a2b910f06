"""Variants are added to a released artifact without training anything again."""

from pathlib import Path

import numpy as np
import pytest

from serving import artifact as artifacts
from serving.service import Service
from tests.unit.training import lessons
from tests.unit.training.test_ladder import RUNGS
from training import artifact, variants
from training.export import Graph
from training.networks import ladder
from training.networks.ladder import Ladder
from training.variants import VariantError


def rounded(column: str = "value") -> bytes:
    """A variant that answers 2.5 x."""
    graph = Graph("rounded")
    rows = graph.input("features", "FP32", ("N", 1))
    graph.add("Mul", rows, graph.constant("by", np.float32(2.5)), output=column)
    graph.output(column, "FP32", ("N", 1))
    return graph.finish()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    artifact.write(tmp_path, "double", lessons.graph(), *lessons.contents_and_lesson())
    ladder.write(tmp_path, Ladder(RUNGS, "r2"))
    return tmp_path


def test_a_variant_answers_beside_the_default(home: Path) -> None:
    before = artifacts.load(home / "artifact")
    after = variants.ship(home, home, {"int8": rounded()})
    service = Service.load(after.folder)
    assert service.predict([[4.0]])[0]["value"] == 8
    assert service.choose("int8").predict([[4.0]])[0]["value"] == 10
    assert after.manifest.variants["int8"].metrics == {"r2": 0.895}
    assert after.manifest.metrics == before.manifest.metrics


def test_shipping_again_gives_the_same_artifact_and_shipping_none_the_first(home: Path) -> None:
    first = variants.ship(home, home, {"int8": rounded()})
    assert variants.ship(home, home, {"int8": rounded()}).digest == first.digest
    none = variants.ship(home, home, {})
    assert none.manifest.variants == {}
    assert not (none.folder / "model.int8.onnx").exists()


@pytest.mark.parametrize(
    ("others", "part"),
    [
        ({"pruned": rounded()}, "'pruned' is not among those that pass"),
        ({"int4": rounded()}, "'int4' is not among those that pass"),
        ({"fp32": rounded()}, "'fp32' is the default one already"),
        ({"int8": rounded("other")}, "'int8' has inputs and outputs"),
        ({"int8": b"no graph"}, "'int8': not an ONNX model"),
    ],
)
def test_what_may_not_ship_leaves_the_artifact_as_it_was(
    home: Path, others: dict[str, bytes], part: str
) -> None:
    before = artifacts.load(home / "artifact").digest
    with pytest.raises(VariantError, match=part):
        variants.ship(home, home, others)
    assert artifacts.load_whole(home / "artifact").digest == before
