"""The networks that the linear text models are held against; small enough for a CPU.

    scores = compare(SelfAttention(10_000, 20, recipe), seen, unseen, recipe, folder)

They take token numbers (N, T), 0 for padding, and answer logits (N, C).
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from serving.types import Array, JsonObject
from training import beside, evaluate
from training.networks.fit import Batch, Run, Shuffled, Task, fit
from training.networks.recipe import Recipe

_LEFT_OUT = 0.1
_ROWS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Token numbers (N, T) and classes (N,)."""

    ids: Array
    targets: Array


class SelfAttention(nn.Module):
    """Own word embeddings, one block of self-attention, the mean over the words."""

    def __init__(
        self, words: int, classes: int, recipe: Recipe, width: int = 64, longest: int = 128
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width, padding_idx=0)
        self.places = nn.Parameter(torch.randn(longest, width) * 0.02)
        nn.init.normal_(self.words.weight, std=0.1)
        self.block = nn.TransformerEncoderLayer(
            width, 4, 2 * width, recipe.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.drop = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """(N, T) to (N, C)."""
        real = ids != 0
        real = real | (torch.arange(ids.shape[1]) == 0)  # an empty text still has one place
        hidden = self.drop(self.words(ids) + self.places[: ids.shape[1]])
        hidden = self.block(hidden, src_key_padding_mask=~real)
        weight = real.float().unsqueeze(-1)
        return self.head(self.drop((hidden * weight).sum(1) / weight.sum(1)))


class Recurrent(nn.Module):
    """A bidirectional LSTM over own word embeddings, the largest of each output over the words."""

    def __init__(
        self, words: int, classes: int, recipe: Recipe, width: int = 64, layers: int = 1
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width, padding_idx=0)
        nn.init.normal_(self.words.weight, std=0.1)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """(N, T) to (N, C)."""
        outputs, _ = self.lstm(self.drop(self.words(ids)))
        outputs = outputs.masked_fill((ids == 0).unsqueeze(-1), -1.0)
        return self.head(self.drop(outputs.amax(dim=1)))


def compare(
    model: nn.Module, seen: Texts, unseen: Texts, recipe: Recipe, folder: Path
) -> tuple[Run, evaluate.Figure]:
    """Fit, with a tenth of the training texts for early stopping; the accuracy on the unseen."""
    rows, left_out = train_test_split(
        np.arange(len(seen.targets)), test_size=_LEFT_OUT, random_state=recipe.seed
    )
    tensors = (torch.from_numpy(seen.ids[rows]), torch.from_numpy(seen.targets[rows]))
    task = Task(
        model,
        Shuffled(tensors, recipe.batch_size, recipe.seed),
        _loss,
        lambda network: _validate(network, Texts(seen.ids[left_out], seen.targets[left_out])),
    )
    run = fit(task, recipe, folder)
    return run, evaluate.accuracy(_logits(model, unseen.ids), unseen.targets)


def last(encoded: list[Array], longest: int) -> Array:
    """Token numbers (N, T) of the last `longest` tokens of each text."""
    rows = np.zeros((len(encoded), longest), dtype=np.int64)
    for row, ids in zip(rows, encoded, strict=True):
        tail = ids[-longest:]
        row[: len(tail)] = tail
    return rows


def record(folder: Path, name: str, recipe: Recipe, outcome: tuple[Run, evaluate.Figure]) -> None:
    """Write how a reference did, beside the model's card, under its name."""
    run, figure = outcome
    path = folder / beside.REFERENCES
    known: JsonObject = json.loads(path.read_text()) if path.exists() else {}
    known[name] = {
        **asdict(figure),
        "epochs": len(run.history),
        "seconds": round(sum(run.column("seconds"))),
        "loss": [round(value, 4) for value in run.column("loss")],
        "validation_loss": [round(value, 4) for value in run.column("validation_loss")],
        "recipe": asdict(recipe),
    }
    path.write_text(json.dumps(known, indent=2) + "\n")


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    ids, targets = batch
    return cross_entropy(model(ids), targets)


def _validate(model: nn.Module, texts: Texts) -> dict[str, float]:
    logits = torch.from_numpy(_logits(model, texts.ids))
    targets = torch.from_numpy(texts.targets)
    hits = (logits.argmax(1) == targets).float().mean()
    return {"loss": cross_entropy(logits, targets).item(), "accuracy": hits.item()}


def _logits(model: nn.Module, ids: Array) -> Array:
    device = next(model.parameters()).device
    with torch.no_grad():
        parts = [
            model(part.to(device)).float().cpu() for part in torch.from_numpy(ids).split(_ROWS)
        ]
    return torch.cat(parts).numpy()
