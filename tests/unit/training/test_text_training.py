"""A text model is trained, measured and written from texts alone, here a few made-up ones."""

from pathlib import Path

import numpy as np
import pytest

from serving import artifact as artifacts
from training.datasets.dataset import Dataset, Source
from training.networks import ladder, timing
from training.parity import ParityError
from training.release import examples
from training.texts import linear_texts, text_checks, text_training, tokens
from training.texts.text_reader import Reader
from training.texts.text_training import Plan, Trained

SOURCE = Source("made-up reviews", "free", "nobody, 2026", "")
GOOD, BAD = ("fine", "lovely", "warm", "clever"), ("dull", "awful", "cold", "clumsy")
COMMON = ("the", "film", "was", "and", "plot", "very", "actor")


def reviews(rows: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 2, rows)
    texts = [
        " ".join([*rng.choice(COMMON, 8), *rng.choice(GOOD if good else BAD, 3)])
        for good in targets
    ]
    return Dataset(SOURCE, np.array(texts, dtype=object), targets, ("bad", "good"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    plan = Plan(
        home=tmp_path_factory.mktemp("toy_reviews"),
        important=linear_texts.contrast,
        slacks=(0.1, 1.0),
        characters=500,
        method="a machine",
        drawn="made up later",
    )
    seen, unseen = reviews(300, 0), reviews(450, 1)
    reader = Reader(tokens.words(seen.inputs, 100), longest=16, buckets=64, run=2)
    return text_training.fit(plan, reader, seen, unseen, seed=0)


def test_the_written_artifact_reads_raw_text_and_keeps_its_promises(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "KEPT", tmp_path / "kept")
    text_training.optimise(trained)
    written, answers = text_training.write(trained, tmp_path, {})
    manifest = written.manifest
    assert manifest.variant == "int8"
    assert manifest.metrics["accuracy"] > 0.95
    assert manifest.limits == {"text_tokens": 16, "text_characters": 500}
    assert {"Typos", "Leakage"} <= set(manifest.training["tables"])
    assert manifest.training["door"] == {"requests": 400, "media_type": "text/plain"}
    assert len(answers) == len(trained.unseen)
    asked = examples.parse(written.read("examples.json"), manifest.model)
    assert {example.media_type for example in asked} == {"text/plain", "application/json"}
    rungs = ladder.read(trained.plan.home).rungs
    assert [rung.variant for rung in rungs] == ["fp32", "int8", "pruned", "distilled"]
    assert artifacts.load(written.folder).digest == written.digest


def test_writing_twice_gives_one_digest(trained: Trained, tmp_path: Path) -> None:
    first, _ = text_training.write(trained, tmp_path / "a", {})
    second, _ = text_training.write(trained, tmp_path / "b", {})
    assert first.digest == second.digest


def test_another_answer_at_the_door_is_an_error(trained: Trained, tmp_path: Path) -> None:
    written, answers = text_training.write(trained, tmp_path, {})
    texts = trained.unseen.inputs[:3]
    text_checks.require_same_at_the_door(written.folder, texts, answers[:3])
    with pytest.raises(ParityError, match="request 0 is off"):
        text_checks.require_same_at_the_door(written.folder, texts, answers[:3, ::-1])


def test_twins_are_counted_whatever_their_case_and_space() -> None:
    seen, unseen = reviews(20, 0), reviews(20, 1)
    unseen.inputs[:2] = [f"  {seen.inputs[0].upper()}", seen.inputs[1]]
    answers = np.full((20, 2), 0.5)
    table = text_checks.leakage_table(seen, unseen, answers, answers)["Leakage"]
    rows = {name: value for name, value in table["rows"]}
    assert rows["held-out texts with a twin in training"] == "2"
    assert rows["membership inference, AUC"] == 0.5
