"""`flotilla train` runs a script with its arguments, and says what is missing."""

import sys
from pathlib import Path

import pytest

import training
from infra import trainer
from infra.trainer import TrainError
from training import remeasure
from training.networks import timing


def script(root: Path, code: str, name: str = "wind") -> None:
    (root / "training" / name).mkdir(parents=True)
    (root / "training" / name / "train.py").write_text(code)


@pytest.fixture(autouse=True)
def _arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script's arguments are the interpreter's; give these back afterwards."""
    monkeypatch.setattr(sys, "argv", sys.argv)


def test_the_script_runs_as_main_with_its_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script(tmp_path, "import sys\nprint(__name__, sys.argv[1:])\n")
    trainer.train(tmp_path, "wind", ["--seed", "3"])
    assert capsys.readouterr().out == "__main__ ['--seed', '3']\n"


def test_variants_are_made_by_a_script_of_the_model_until_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(tmp_path, "print('trained')\n")
    home = tmp_path / "training" / "wind"
    (home / "optimise.py").write_text("print('measured')\n")
    timed: list[Path] = []
    monkeypatch.setattr(timing, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(remeasure, "remeasure", timed.append)
    assert "made and measured" in trainer.optimise(tmp_path, "wind", [])
    assert capsys.readouterr().out == "measured\n"
    (tmp_path / "kept" / "wind").mkdir(parents=True)
    assert "timed again" in trainer.optimise(tmp_path, "wind", [])
    assert (timed, capsys.readouterr().out) == ([home], "")
    assert "made and measured" in trainer.optimise(tmp_path, "wind", [], fresh=True)


def test_models_with_a_ladder_are_found(tmp_path: Path) -> None:
    for name in ("wind", "rain", "snow"):
        script(tmp_path, "", name)
    (tmp_path / "training" / "wind" / "ladder.json").touch()
    (tmp_path / "training" / "rain" / "ladder.json").touch()
    assert trainer.laddered(tmp_path) == ["rain", "wind"]


def test_an_unknown_model_names_those_that_can_be_trained(tmp_path: Path) -> None:
    script(tmp_path, "")
    with pytest.raises(TrainError, match=r"expected one of the models \['wind'\]"):
        trainer.train(tmp_path, "rain", [])


@pytest.mark.parametrize(
    ("missing", "command"), [("sklearn_of_the_future", "setup-dev"), ("torch", "setup-train")]
)
def test_a_missing_library_says_what_sets_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    script(tmp_path, f"import {missing}\n")
    with pytest.raises(TrainError, match=f"{missing} is not installed: run `make {command}`"):
        trainer.train(tmp_path, "wind", [])


def test_a_bug_in_a_script_is_not_hidden(tmp_path: Path) -> None:
    script(tmp_path, "import training.nowhere\n")
    with pytest.raises(ModuleNotFoundError, match=r"training\.nowhere"):
        trainer.train(tmp_path, "wind", [])


def test_optimising_an_unknown_model_names_those_that_have_variants(tmp_path: Path) -> None:
    for name in ("wind", "rain", "shared"):
        script(tmp_path, "", name)
    for name in ("wind", "shared"):
        (tmp_path / "training" / name / "optimise.py").touch()
    (tmp_path / "training" / "shared" / "train.py").unlink()  # modules that models share
    with pytest.raises(TrainError, match=r"optimise.py is missing.*of the models \['wind'\]"):
        trainer.optimise(tmp_path, "rain", [])


def test_optimising_without_what_it_measures_with_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bare:
        """An environment that has only what serving needs."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "training.remeasure":
                raise ModuleNotFoundError(name="scipy")

    script(tmp_path, "")
    (tmp_path / "training" / "wind" / "optimise.py").touch()
    monkeypatch.delitem(sys.modules, "training.remeasure")
    monkeypatch.delattr(training, "remeasure")
    monkeypatch.setattr(sys, "meta_path", [Bare(), *sys.meta_path])
    with pytest.raises(TrainError, match="scipy is not installed: run `make setup-dev`"):
        trainer.optimise(tmp_path, "wind", [])
