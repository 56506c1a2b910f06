"""What is in the package of a function, and which models have none."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from infra import contents
from serving import lock
from serving.errors import FolderError
from serving.lock import Lock, Tuning
from serving.service import Service
from tests import artifacts

FACTS = 'description = "Sorts."\ntask = "tabular_classification"\n'


def add_model(root: Path, name: str = "sorter") -> Path:
    """A model folder, its artifact and its lock."""
    folder = root / "functions" / name
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(FACTS)
    released = artifacts.classifier(root / "training" / name / "artifact")
    digest = sha256((released / "manifest.json").read_bytes()).hexdigest()
    (folder / "artifact.lock").write_text(lock.render(Lock(3, digest, 1000, {"accuracy": 0.9})))
    return folder


def add_catalog(root: Path) -> Path:
    folder = root / "functions" / "catalog"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("handler = None\n")
    (folder / "README.md").write_text("not for the cloud\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "handler.cpython-311.pyc").write_bytes(b"")
    return folder


def test_a_model_is_packed_with_its_artifact(tmp_path: Path) -> None:
    folder = add_model(tmp_path)
    found, missing = contents.functions(tmp_path)
    assert set(found["sorter"].contents()) == {
        "model.toml",
        "artifact.lock",
        "artifact/manifest.json",
        "artifact/model.onnx",
        "artifact/examples.json",
    }
    assert missing == {}
    (folder / "model.py").write_text("def preprocess(inputs):\n    return inputs\n")
    assert "model.py" in contents.functions(tmp_path)[0]["sorter"].contents()


def test_a_large_artifact_stays_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_model(tmp_path)
    monkeypatch.setattr(contents, "RIDES_ALONG_BYTES", 10)
    found, _ = contents.functions(tmp_path)
    assert set(found["sorter"].contents()) == {"model.toml", "artifact.lock"}


def test_what_pays_is_packed_compiled(tmp_path: Path) -> None:
    folder = add_model(tmp_path)
    published = lock.read(folder)
    (folder / "artifact.lock").write_text(
        lock.render(replace(published, tuning=Tuning(mapped=True, threads=1)))
    )
    packed = contents.functions(tmp_path)[0]["sorter"].contents()
    for name, content in packed.items():
        target = tmp_path / "task" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    inside = lock.read(tmp_path / "task")
    assert "artifact/model.weights" in packed
    assert (inside.digest, inside.tuning.threads) == (published.digest, 1)
    assert inside.served == inside.compiled != published.digest
    service = Service.load(tmp_path / "task" / "artifact", digest=inside.served)
    assert service.digest == published.digest
    assert service.predict([[1, 2, 3]])[0]["label"] == "high"


def test_models_that_cannot_be_packed_say_what_to_run(tmp_path: Path) -> None:
    for name in ("good", "unpublished", "untrained", "new", "retrained", "damaged"):
        add_model(tmp_path, name)
    for name in ("unpublished", "new"):
        (tmp_path / "functions" / name / "artifact.lock").unlink()
    training = tmp_path / "training"
    for name in ("untrained", "new"):
        (training / name).rename(training / f"elsewhere_{name}")
    manifest = training / "retrained" / "artifact" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("fp32", "int8"))
    (training / "damaged" / "artifact" / "model.onnx").write_bytes(b"")
    found, missing = contents.functions(tmp_path)
    assert set(found) == {"good"}
    assert set(missing) == {"unpublished", "untrained", "new", "retrained", "damaged"}
    assert missing["unpublished"].endswith("is missing: run `flotilla publish unpublished`")
    assert missing["untrained"].endswith("artifact is missing: run `flotilla train untrained`")
    assert missing["new"].endswith("artifact is missing: run `flotilla train new`")
    assert "run `flotilla publish retrained` to serve what is there" in missing["retrained"]
    assert "model.onnx has SHA-256" in missing["damaged"]


def test_one_malformed_folder_fails_everything(tmp_path: Path) -> None:
    add_model(tmp_path)
    (tmp_path / "functions" / "sorter" / "model.toml").write_text("task = 1\n")
    with pytest.raises(FolderError, match="'description' is missing"):
        contents.functions(tmp_path)


def test_a_service_is_its_files(tmp_path: Path) -> None:
    add_catalog(tmp_path).rename(tmp_path / "functions" / "greeter")
    assert set(contents.functions(tmp_path)[0]["greeter"].contents()) == {"handler.py"}


def test_a_service_of_several_modules_imports_them_as_here(tmp_path: Path) -> None:
    folder = add_catalog(tmp_path).rename(tmp_path / "functions" / "jobs")
    (folder / "table.py").write_text("")
    found = contents.functions(tmp_path)[0]["jobs"].contents()
    assert set(found) == {"functions/jobs/handler.py", "functions/jobs/table.py"}
