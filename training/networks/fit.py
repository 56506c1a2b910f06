"""Fit a network: the loop around a model, its batches and its loss, on whatever device is there.

    run = fit(Task(model, batches, loss, validate), recipe, folder)

One script serves a CPU, a GPU, and many GPUs (`torchrun --nproc-per-node 8 -m ...`): off the CPU
the forward pass is in bfloat16, and the processes share each batch when RANK is set.  Every epoch
ends in a line of metrics.jsonl and a checkpoint, from which the same command goes on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from training.networks.recipe import SCHEDULES, Recipe, make_optimiser

Batch = tuple[Tensor, ...]

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.jsonl"


class Batches(Protocol):
    """What a model is fitted to; an epoch of the same number always has the same batches."""

    def __len__(self) -> int:
        """How many batches an epoch has."""
        ...

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of an epoch."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Shuffled:
    """Tensors of equally many rows in batches, shuffled anew each epoch, all of one size.

    `augment` changes a batch and draws from the generator that it is given.
    """

    tensors: Batch
    size: int
    seed: int
    augment: Callable[[Batch, torch.Generator], Batch] | None = None

    def __len__(self) -> int:
        return max(len(self.tensors[0]) // self.size, 1)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of an epoch; the rows that are left over take part in other epochs."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        order = torch.randperm(len(self.tensors[0]), generator=generator)
        for rows in order[: len(self) * self.size].split(self.size):
            batch = tuple(tensor[rows] for tensor in self.tensors)
            yield self.augment(batch, generator) if self.augment else batch


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is fitted to what: `validate` returns figures, `loss` among them for early stopping.

    `parameters` are the optimiser's, where they are not all treated alike.
    """

    model: nn.Module
    batches: Batches
    loss: Callable[[nn.Module, Batch], Tensor]
    validate: Callable[[nn.Module], dict[str, float]]
    parameters: Sequence[dict[str, Any]] = ()


@dataclass(slots=True)
class Run:
    """How far a fit has come: a record an epoch, and the weights that are best so far."""

    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    waited: int = 0

    def note(self, model: nn.Module, record: dict[str, float], by_loss: bool) -> None:
        """Add an epoch, the best so far if its validation loss is, or if it is the last."""
        self.history.append(record)
        loss = record["validation_loss"] if by_loss else -len(self.history)
        self.waited += 1
        if loss < self.best_loss:
            self.best_loss, self.waited = loss, 0
            self.best_weights = {k: v.detach().cpu().clone() for k, v in model.state_dict().items()}

    def is_over(self, recipe: Recipe) -> bool:
        """Whether all epochs are done, or the last ones brought nothing."""
        gave_up = 0 < recipe.patience <= self.waited
        return gave_up or len(self.history) >= recipe.epochs

    def column(self, name: str) -> list[float]:
        """One figure over the epochs."""
        return [record[name] for record in self.history]


def seed_all(seed: int) -> None:
    """Seed what draws without being handed a generator: initial weights and dropout."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # scikit-learn still draws from it


def fit(task: Task, recipe: Recipe, folder: Path, resume: bool = True) -> Run:
    """Fit the model in place and leave it on the CPU, in evaluation mode, with its best weights.

    `folder` takes the checkpoint and the metrics.
    """
    torch.set_flush_denormal(True)  # on a CPU an LSTM's steps are 7 to 13 times faster with it
    device = _device()
    task.model.to(device)
    optimiser = make_optimiser(recipe, task.parameters or task.model.parameters())
    for group in optimiser.param_groups:
        group.setdefault("initial_lr", group["lr"])
    checkpoint = folder / CHECKPOINT
    run = _load(checkpoint, task.model, optimiser, recipe) if resume else Run()
    model = _shared(task.model, device)
    with _progress() as progress:
        bar = progress.add_task("", total=recipe.epochs * len(task.batches))
        progress.advance(bar, len(run.history) * len(task.batches))
        while not run.is_over(recipe):
            record = _epoch(task, recipe, model, optimiser, _Shown(progress, bar, len(run.history)))
            run.note(task.model, record, by_loss=recipe.patience > 0)
            if _rank() == 0:
                _save(checkpoint, task.model, optimiser, recipe, run)
    task.model.load_state_dict(run.best_weights)
    task.model.cpu().eval()
    return run


@dataclass(frozen=True, slots=True)
class _Shown:
    progress: Progress
    bar: TaskID
    epoch: int

    def step(self, loss: float) -> None:
        self.progress.update(
            self.bar, advance=1, description=f"epoch {self.epoch + 1}, loss {loss:.4f}"
        )


def _epoch(
    task: Task, recipe: Recipe, model: nn.Module, optimiser: Optimizer, shown: _Shown
) -> dict[str, float]:
    started, steps, total = time.perf_counter(), len(task.batches), 0.0
    model.train()
    for number, batch in enumerate(task.batches.epoch(shown.epoch)):
        done = (shown.epoch + number / steps) / recipe.epochs
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] * SCHEDULES[recipe.schedule](done)
        total += _step(task, recipe, model, optimiser, batch)
        shown.step(total / (number + 1))
    model.eval()
    with torch.no_grad():
        figures = task.validate(task.model)
    return {
        "epoch": shown.epoch + 1,
        "loss": total / steps,
        **{f"validation_{name}": figure for name, figure in figures.items()},
        "seconds": time.perf_counter() - started,
    }


def _step(
    task: Task, recipe: Recipe, model: nn.Module, optimiser: Optimizer, batch: Batch
) -> float:
    device = next(model.parameters()).device
    part = tuple(tensor[_rank() :: _world()].to(device, non_blocking=True) for tensor in batch)
    half = recipe.bfloat16 or device.type != "cpu"
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        loss = task.loss(model, part)
    if recipe.l1:
        loss = loss + recipe.l1 * sum(weight.abs().sum() for weight in model.parameters())
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.item()


def _device() -> torch.device:
    if not torch.accelerator.is_available():
        return torch.device("cpu")
    kind = torch.accelerator.current_accelerator()
    device = torch.device(kind.type if kind else "cpu", int(os.environ.get("LOCAL_RANK", "0")))
    torch.accelerator.set_device_index(device.index)
    return device


def _shared(model: nn.Module, device: torch.device) -> nn.Module:
    """The model, or what keeps its copies in step when several processes train."""
    if "RANK" not in os.environ:
        return model
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group()
    return DistributedDataParallel(model, None if device.type == "cpu" else [device.index])


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


def _world() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def _progress() -> Progress:
    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    return Progress(*columns, transient=True, disable=_rank() > 0)


def _save(path: Path, model: nn.Module, optimiser: Optimizer, recipe: Recipe, run: Run) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "recipe": asdict(recipe),
        "run": asdict(run),
    }
    partial = path.with_name(f".{path.name}")
    torch.save(state, partial)
    partial.replace(path)
    lines = "".join(json.dumps(record) + "\n" for record in run.history)
    path.with_name(METRICS).write_text(lines)


def _load(path: Path, model: nn.Module, optimiser: Optimizer, recipe: Recipe) -> Run:
    """Where a fit of the same recipe stopped; a new run without one."""
    if not path.exists():
        return Run()
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state["recipe"] != asdict(recipe):
        return Run()
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return Run(**state["run"])
