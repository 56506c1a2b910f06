"""The scripts that train within seconds: run again, each gives the model that is committed."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from serving import artifact as artifacts
from serving.manifest import EXAMPLES
from training import card, script
from training.release import examples

TRAINING = Path(__file__).parents[3] / "training"

# What each must reach on its held-out rows.
TARGETS = {
    "linear_demo": ("r2", 0.999999),
    "iris": ("accuracy", 0.93),
    "diabetes": ("r2", 0.40),
    "breast_cancer": ("accuracy", 0.96),
    "digits": ("accuracy", 0.97),
}


def script_of(model: str) -> ModuleType:
    return importlib.import_module(f"training.{model}.train")


@pytest.mark.parametrize("model", TARGETS)
def test_training_again_gives_the_committed_model(model: str, tmp_path: Path) -> None:
    """Up to the last digit of a float, which depends on the processor."""
    module = script_of(model)
    trained = script.train_alone(module.train, 0, tmp_path)
    committed = artifacts.load(TRAINING / model / "artifact")
    metric, target = TARGETS[model]
    assert trained.manifest.metrics[metric] >= target
    assert trained.manifest.metrics == pytest.approx(committed.manifest.metrics, abs=1e-4)
    assert trained.manifest.details == committed.manifest.details
    again, before = (
        examples.parse(artifact.read(EXAMPLES), model) for artifact in (trained, committed)
    )
    assert [one.name for one in again] == [one.name for one in before]
    for one, other in zip(again, before, strict=True):
        assert one.body == other.body
        assert examples.differences(other.answer, one.answer) == []
    for plot in module.CARD.plots:
        assert (tmp_path / "plots" / plot).stat().st_size > 10_000


@pytest.mark.parametrize("model", ["linear_demo", "diabetes"])
def test_training_twice_gives_one_digest(model: str, tmp_path: Path) -> None:
    train = script_of(model).train
    first, second = (script.train_alone(train, 0, tmp_path / name) for name in ("a", "b"))
    assert first.digest == second.digest


@pytest.mark.parametrize("model", TARGETS)
def test_committed_card_is_that_of_the_committed_artifact(model: str) -> None:
    module = script_of(model)
    manifest = artifacts.load(TRAINING / model / "artifact").manifest
    assert (TRAINING / model / "README.md").read_text() == card.render(manifest, module.CARD)
    for plot in module.CARD.plots:
        assert (TRAINING / model / "plots" / plot).is_file()


@pytest.mark.parametrize("model", TARGETS)
def test_artifact_has_enough_examples(model: str) -> None:
    artifact = artifacts.load(TRAINING / model / "artifact")
    asked = examples.parse(artifact.read(EXAMPLES), model)
    assert len(asked) >= 5
    assert len({example.media_type for example in asked}) >= 2
    assert {example.path.rsplit("/", 1)[1] for example in asked} == {"predict", "infer"}


def test_iris_descends_to_where_scikit_learn_is() -> None:
    """With a tenth of the steps it does not, and training says so."""
    module = script_of("iris")
    data = module.bundled.iris()
    steps = list(module.descend(data.inputs, data.targets, 0))
    module.confirm(steps[-1], data, data.inputs)
    with pytest.raises(module.parity.ParityError, match="scikit-learn differs by"):
        module.confirm(steps[len(steps) // 10], data, data.inputs)
