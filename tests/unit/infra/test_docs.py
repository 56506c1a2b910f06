"""The generated parts of the documents."""

from pathlib import Path

from infra import docs
from tests.unit.infra.test_contents import FACTS, add_model

ROOT = Path(__file__).parents[3]


def test_generated_parts_of_the_documents_are_current() -> None:
    for name in docs.FILES:
        text = (ROOT / name).read_text()
        assert docs.renewed(text, ROOT) == text, f"{name} is out of date: run `make docs`"


def test_generated_parts_say_what_folders_and_commands_say(tmp_path: Path) -> None:
    add_model(tmp_path)
    (tmp_path / "functions" / "new_one").mkdir()
    (tmp_path / "functions" / "new_one" / "model.toml").write_text(FACTS)
    parts = ("<!-- generated: models -->", "stale", "<!-- end -->")
    text = "\n".join((*parts, "<!-- generated: commands -->", "<!-- end -->"))
    written = docs.renewed(text, tmp_path)
    assert "| [sorter](training/sorter/README.md) | Sorts. |" in written
    assert "accuracy 0.900 | 1 kB |" in written
    assert "| [new_one](training/new_one/README.md) | Sorts. |" in written
    assert "| tabular_classification | not published |" in written
    assert "| `flotilla call MODEL REQUEST` |" in written
    assert "stale" not in written
