"""Images as tensors, and the changes that a classifier must learn to overlook."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from serving.types import Array

WHITE = 255


def pixels(images: Array) -> Tensor:
    """UINT8 (N, H, W, C) to UINT8 (N, C, H, W)."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def bright(images: Tensor) -> Tensor:
    """UINT8 to FP32 of 0 to 1."""
    return images.float() / WHITE


def flipped(images: Tensor, generator: torch.Generator) -> Tensor:
    """Every other image, by chance, as in a mirror."""
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(mirrored.reshape(-1, 1, 1, 1), images.flip(3), images)


def shifted(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each image moved by up to `most` pixels a way; its edge is reflected into the gap."""
    height, width = images.shape[2:]
    padded = pad(images.float(), (most,) * 4, mode="reflect").to(images.dtype)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    down, right = torch.randint(2 * most + 1, (2, len(images)), generator=generator)
    return windows[torch.arange(len(images)), :, down, right]
