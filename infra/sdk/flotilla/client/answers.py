"""What comes back, read."""

from dataclasses import dataclass
from typing import Any

# A prediction is as its task has it: `{"label", "score", "scores"}`, `{"value", "unit"}` ...
Prediction = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took, and its price in US dollars."""

    compute_ms: float
    cold: bool
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Predictions in the order of the instances, and who made them."""

    id: str
    model: str
    version: str
    variant: str
    predictions: list[Prediction]
    usage: Usage

    @classmethod
    def read(cls, document: dict[str, Any]) -> "Answer":
        """Read the answer of `predict` or `explain`."""
        usage = document["usage"]
        return cls(
            id=document["id"],
            model=document["model"],
            version=document["version"],
            variant=document.get("variant", ""),
            predictions=document["predictions"],
            usage=Usage(usage["compute_ms"], usage["cold"], usage["cost_usd"]),
        )


@dataclass(frozen=True, slots=True)
class Job:
    """A request that is answered later, as it was when it was asked for.

    `status` is waiting, running, done, failed or cancelled; `lines` is None until it is known.
    """

    id: str
    model: str
    status: str
    lines_done: int
    lines: int | None
    error: str
    upload_url: str
    result_url: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ("done", "failed", "cancelled")

    @classmethod
    def read(cls, document: dict[str, Any]) -> "Job":
        """Read a job of any of its routes."""
        progress = document.get("progress") or {}
        return cls(
            id=document["id"],
            model=document["model"],
            status=document["status"],
            lines_done=progress.get("lines_done") or 0,
            lines=progress.get("lines"),
            error=(document.get("error") or {}).get("message", ""),
            upload_url=(document.get("upload") or {}).get("url", ""),
            result_url=(document.get("result") or {}).get("url", ""),
        )
