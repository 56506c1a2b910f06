"""The command line of training scripts."""

from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from serving.artifact import Artifact
from tests.unit.training import lessons
from training import artifact, script


def train(seed: int, out: Path) -> Artifact:
    """A training script's own function."""
    assert {pool["num_threads"] for pool in threadpool_info()} <= {1}
    contents, lesson = lessons.contents_and_lesson()
    return artifact.write(out, f"seed_{seed}", lessons.graph(), contents, lesson)


def test_writes_where_it_is_told_and_prints_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.main(train, "/training/double/train.py", ["--seed", "3", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert (tmp_path / "artifact" / "manifest.json").is_file()
    assert "seed_3: doubling" in printed
    assert "mae                0.5000  [0.5000, 0.5000]" in printed
    assert f"{tmp_path / 'artifact'} in " in printed


def test_writes_into_the_scripts_own_folder_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.main(train, str(tmp_path / "train.py"), [])
    assert "seed_0" in capsys.readouterr().out
    assert (tmp_path / "artifact" / "manifest.json").is_file()


def test_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        script.main(train, "/training/double/train.py", ["--sed", "3"])
    assert "unrecognized arguments: --sed 3" in capsys.readouterr().err
