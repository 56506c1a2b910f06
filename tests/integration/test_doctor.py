"""Doctor starts a function as the local cloud does, and times its start from within."""

import pytest

from infra.doctor import examination, subject
from infra.doctor.examination import ExaminationError
from serving.errors import FolderError
from tests.integration.fleet import ROOT


def test_a_model_is_started_asked_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "SIZES_MB", (512, 10_240))
    monkeypatch.setattr(examination, "_SECONDS", 0.1)
    said: list[str] = []
    with subject.packed(ROOT, "iris") as iris:
        assert iris.fetched_bytes == 0
        assert iris.zip_bytes > 1000
        found = examination.examine(iris, said.append)
    assert found.refused == {}
    small, large = found.doses
    assert (small.memory_mb, large.memory_mb) == (512, 10_240)
    assert sum(small.phases.values()) == pytest.approx(
        small.init_ms + small.phases["first run"], abs=0.1
    )
    for phase in ("runtime", "imports", "check", "session", "task", "first run"):
        assert small.phases[phase] > 0, phase
    assert 1 < small.answers <= 300
    assert 0 < small.p50_ms <= small.p99_ms
    assert 20 < small.resident_mb <= small.peak_mb < 512


def test_what_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "SIZES_MB", (512,))
    with subject.packed(ROOT, "iris") as iris:
        (iris.task_root / "artifact" / "model.onnx").write_bytes(b"changed")
        with pytest.raises(ExaminationError, match=r"iris fits no size: .*has SHA-256"):
            examination.examine(iris, lambda _: None)


def test_memory_is_not_cut_by_the_processors_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examination, "SIZES_MB", (512, 10_240))
    monkeypatch.setattr(examination, "_SECONDS", 0.1)
    monkeypatch.setattr(examination, "_cores", lambda: 1)
    with subject.packed(ROOT, "iris") as iris:
        with (iris.task_root / "patient.py").open("a") as patient:
            patient.write("import mmap\n_hoard = mmap.mmap(-1, 8 << 30, mmap.MAP_PRIVATE)\n")
        found = examination.examine(iris, lambda _: None)
    assert [dose.memory_mb for dose in found.doses] == [10_240]
    assert "Cannot allocate memory" in found.refused[512]


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(FolderError, match="expected one of the models"), subject.packed(ROOT, "no"):
        pass
