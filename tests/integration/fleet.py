"""The models of this repository, as the tests find them: by discovery."""

import json
from pathlib import Path
from typing import Any

from infra import contents
from serving import folder
from serving.folder import ModelFolder

ROOT = Path(__file__).parents[2]


def released(root: Path) -> list[ModelFolder]:
    """The models whose locked artifact is here; the others are not built and not served."""
    _, missing = contents.functions(root)
    return [model for model in folder.discover(root / "functions") if model.name not in missing]


def artifact(model: str) -> Path:
    """A model's released artifact."""
    return ROOT / "training" / model / "artifact"


def examples(model: str) -> list[dict[str, Any]]:
    """The requests and answers that its artifact brings along."""
    found: list[dict[str, Any]] = json.loads((artifact(model) / "examples.json").read_bytes())[
        "examples"
    ]
    return found
