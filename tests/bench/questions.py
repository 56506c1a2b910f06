"""The two models that are raced, and what each is asked."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Question:
    """A model and the instances that it is asked about, over and over."""

    model: str
    instances: list[Any]
    files: tuple[str, ...]
    """What a contestant needs of the artifact."""

    @property
    def folder(self) -> Path:
        """The artifact's folder."""
        return ROOT / "training" / self.model / "artifact"

    @property
    def event(self) -> dict[str, Any]:
        """The proxy event that asks it."""
        path = f"/v1/models/{self.model}/predict"
        return {
            "httpMethod": "POST",
            "path": path,
            "resource": f"/v1/models/{self.model}/{{proxy+}}",
            "headers": {"Content-Type": "application/json"},
            "multiValueHeaders": {"Content-Type": ["application/json"]},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "requestContext": {
                "stage": "live",
                "requestId": "1",
                "httpMethod": "POST",
                "path": f"/live{path}",
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "body": json.dumps({"instances": self.instances}),
            "isBase64Encoded": False,
        }


# 18 tokens for minilm, the first and the last of its own making included.
_TEXT = "The committee will publish its report on the harvest of last year before the end of May."

QUESTIONS = (
    Question("iris", [[5.1, 3.5, 1.4, 0.2]], ("model.onnx",)),
    Question("minilm", [_TEXT], ("model.onnx", "tokenizer.json")),
)


def askable() -> list[Question]:
    """The questions whose model is built here."""
    return [question for question in QUESTIONS if question.folder.is_dir()]
