"""Fit the network of `spoken_digits`: what is heard, how it is changed, and when to stop."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from training.datasets.spoken_digits import TEST_TAKES, Recordings
from training.networks.fit import Batch, Run, Shuffled, Task, fit
from training.networks.recipe import Recipe
from training.spoken_digits import sounds
from training.spoken_digits.network import LogMel

VALIDATION_TAKES = range(TEST_TAKES, 2 * TEST_TAKES)

Loss = Callable[[nn.Module, Batch], Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Clips FP32 (N, SAMPLES) and the digits said (N,)."""

    clips: Tensor
    digits: Tensor

    def pictures(self) -> Tensor:
        """The clips' log-mel (N, 1, MELS, frames)."""
        with torch.no_grad():
            return torch.cat([LogMel()(clips) for clips in self.clips.split(256)])


def parts(recordings: Recordings) -> tuple[Part, Part, Part]:
    """Those to train on, the next takes to validate by, and the official test set."""
    clips = torch.from_numpy(sounds.waveforms(recordings.data.inputs))
    digits = torch.from_numpy(recordings.data.targets)
    takes = torch.from_numpy(recordings.takes)
    held_out = takes < TEST_TAKES
    validating = (takes >= VALIDATION_TAKES.start) & (takes < VALIDATION_TAKES.stop)
    chosen = (~held_out & ~validating, validating, held_out)
    return tuple(Part(clips[rows], digits[rows]) for rows in chosen)


def train(
    model: nn.Module,
    seen: Part,
    known: Part,
    recipe: Recipe,
    folder: Path,
    loss: Loss | None = None,
) -> Run:
    """Fit the model to changed clips, anew in each epoch, and keep what validates best."""
    listen = LogMel()

    def changed(batch: Batch, draw: torch.Generator) -> Batch:
        clips, digits = sounds.augment(batch, draw)
        return listen(clips), digits

    def named(model: nn.Module, batch: Batch) -> Tensor:
        return cross_entropy(model(batch[0]), batch[1], label_smoothing=recipe.label_smoothing)

    pictures = known.pictures()

    def validate(model: nn.Module) -> dict[str, float]:
        answers = model(pictures)
        right = (answers.argmax(dim=1) == known.digits).float().mean()
        return {"loss": cross_entropy(answers, known.digits).item(), "accuracy": right.item()}

    batches = Shuffled((seen.clips, seen.digits), recipe.batch_size, recipe.seed, changed)
    return fit(Task(model, batches, loss or named, validate), recipe, folder)
