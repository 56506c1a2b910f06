"""The cards of the models of series, sounds and images: what artifacts have, with their plots."""

import importlib
from pathlib import Path

import pytest

from serving import artifact as artifacts
from serving.manifest import EXAMPLES
from training import beside, card
from training.release import examples

TRAINING = Path(__file__).parents[3] / "training"
MODELS = ("cifar10", "ett_load", "pneumonia", "spoken_digits", "traffic")
AT_LEAST = {
    "cifar10": {"accuracy": 0.90},
    "pneumonia": {"accuracy": 0.85, "auc": 0.95},
    "spoken_digits": {"accuracy": 0.97},
    "traffic": {"better_than_naive": 0.25},
}
AT_MOST = {"ett_load": {"mse_96": 0.37, "mse_192": 0.41, "mse_336": 0.43, "mse_720": 0.43}}


@pytest.mark.parametrize("model", MODELS)
def test_committed_card_is_that_of_the_committed_artifact(model: str) -> None:
    about = importlib.import_module(f"training.{model}.about")
    manifest = artifacts.load(TRAINING / model / "artifact").manifest
    tables = beside.tables(TRAINING / model, manifest)
    assert (TRAINING / model / "README.md").read_text() == card.render(manifest, about.CARD, tables)
    for plot in about.CARD.plots:
        assert (TRAINING / model / "plots" / plot).stat().st_size > 10_000


@pytest.mark.parametrize("model", MODELS)
def test_artifact_shows_both_ways_to_ask(model: str) -> None:
    artifact = artifacts.load(TRAINING / model / "artifact")
    asked = examples.parse(artifact.read(EXAMPLES), model)
    assert len(asked) >= 5
    assert {example.path.rsplit("/", 1)[1] for example in asked} == {"predict", "infer"}


@pytest.mark.parametrize("model", MODELS)
def test_what_ships_is_as_good_as_required_and_answers_so_over_http(model: str) -> None:
    manifest = artifacts.load(TRAINING / model / "artifact").manifest
    assert all(manifest.metrics[name] >= need for name, need in AT_LEAST.get(model, {}).items())
    assert all(manifest.metrics[name] <= most for name, most in AT_MOST.get(model, {}).items())
    assert manifest.training["parity"]["rows"] >= 200
    assert manifest.training["door"]["requests"] >= 200
    assert "int8" in manifest.graphs
