"""How an image model takes what is meant to mislead it, and how many images it has met before.

Attacks know the network and its gradients: the worst case, not what a stranger can do.  Strengths
are in levels of 0 to 255, the most that any pixel changes.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from serving.types import Array
from training.vision.images import WHITE

Attack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]

THUMBNAIL = 8
PGD_STEPS = 10
_NEAREST_BATCH = 500


def fgsm(network: nn.Module, images: Tensor, targets: Tensor, levels: float) -> Tensor:
    """One step up the loss from images (N, C, H, W) of 0 to 1."""
    return _climbed(network, images, images, targets, levels, levels)


def pgd(network: nn.Module, images: Tensor, targets: Tensor, levels: float) -> Tensor:
    """Ten small steps up the loss, each held within `levels` of the images."""
    moved = images
    for _ in range(PGD_STEPS):
        moved = _climbed(network, images, moved, targets, 2.5 * levels / PGD_STEPS, levels)
    return moved


def accuracy_under(
    attack: Attack, network: nn.Module, images: Tensor, targets: Tensor, levels: float
) -> float:
    """The share that is still answered right."""
    hits = [
        network(attack(network, part, truth, levels)).argmax(1) == truth
        for part, truth in zip(images.split(100), targets.split(100), strict=True)
    ]
    return float(torch.cat(hits).float().mean())


def near_twins(seen: Array, unseen: Array, levels: float) -> Array:
    """Which unseen images (N, H, W, C) differ by fewer levels from their likeliest seen twin.

    That is the seen image whose thumbnail is nearest; the difference is the root mean square.
    """
    small_seen, small_unseen = _thumbnails(seen), _thumbnails(unseen)
    lengths = (small_seen**2).sum(1)
    twins = []
    for start in range(0, len(unseen), _NEAREST_BATCH):
        rows = slice(start, start + _NEAREST_BATCH)
        nearest = (lengths - 2 * small_unseen[rows] @ small_seen.T).argmin(1)
        gaps = unseen[rows].astype(np.float32) - seen[nearest]
        twins.append(np.sqrt((gaps**2).mean(axis=(1, 2, 3))) < levels)
    return np.concatenate(twins)


def _climbed(
    network: nn.Module, start: Tensor, now: Tensor, targets: Tensor, step: float, most: float
) -> Tensor:
    now = now.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(cross_entropy(network(now), targets), now)
    moved = now.detach() + slope.sign() * step / WHITE
    return moved.clamp(start - most / WHITE, start + most / WHITE).clamp(0, 1)


def _thumbnails(images: Array) -> Array:
    """The mean colours of 8 x 8 fields, (N, 64 C)."""
    height, width = (size // THUMBNAIL * THUMBNAIL for size in images.shape[1:3])
    fields = images[:, :height, :width].reshape(
        len(images), THUMBNAIL, height // THUMBNAIL, THUMBNAIL, width // THUMBNAIL, -1
    )
    return fields.mean(axis=(2, 4), dtype=np.float32).reshape(len(images), -1)
