"""The text models that are released say on their cards what was measured, and that is enough."""

import importlib
from pathlib import Path

import pytest

from serving import artifact as artifacts
from training import beside, card
from training.release import examples

TRAINING = Path(__file__).parents[3] / "training"
MODELS = {"newsgroups": 0.83, "reviews_zh": 0.92, "imdb": 0.90}
BIGGEST = 10_000_000


@pytest.mark.parametrize("model", MODELS)
def test_the_card_is_that_of_the_released_artifact(model: str) -> None:
    about = importlib.import_module(f"training.{model}.about")
    manifest = artifacts.load(TRAINING / model / "artifact").manifest
    tables = beside.tables(TRAINING / model, manifest)
    assert (TRAINING / model / "README.md").read_text() == card.render(manifest, about.CARD, tables)
    for plot in about.CARD.plots:
        assert (TRAINING / model / "plots" / plot).is_file()


@pytest.mark.parametrize(("model", "target"), MODELS.items())
def test_the_target_is_met_and_the_card_has_its_tables(model: str, target: float) -> None:
    manifest = artifacts.load(TRAINING / model / "artifact").manifest
    assert manifest.metrics["accuracy"] >= target
    assert {"Typos", "Leakage"} <= set(manifest.training["tables"])
    assert manifest.training["parity"]["rows"] >= 200
    assert manifest.training["door"]["requests"] >= 200


@pytest.mark.parametrize("model", MODELS)
def test_the_artifact_is_small_and_shows_both_doors(model: str) -> None:
    artifact = artifacts.load(TRAINING / model / "artifact")
    assert max(entry.size_bytes for entry in artifact.manifest.files.values()) < BIGGEST
    asked = examples.parse(artifact.read("examples.json"), model)
    assert {example.path.rsplit("/", 1)[1] for example in asked} == {"predict", "infer"}
