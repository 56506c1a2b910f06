"""Images as tensors, and the changes that a classifier must learn to overlook."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, pad

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


def exposed(images: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """FP32 of 0 to 1, each image brightened and its contrast stretched by a share up to `most`."""
    lift, stretch = (2 * torch.rand((2, len(images), 1, 1, 1), generator=generator) - 1) * most
    return ((images - 0.5) * (1 + stretch) + 0.5 + lift).clamp(0, 1)


def turned(images: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """FP32 images turned by up to `most` radians and zoomed by as large a share; edges repeated."""
    angle, zoom = (2 * torch.rand((2, len(images)), generator=generator) - 1) * most
    cosine, sine, still = (
        angle.cos() * (1 + zoom),
        angle.sin() * (1 + zoom),
        torch.zeros(len(images)),
    )
    rows = torch.stack([cosine, -sine, still, sine, cosine, still], 1).reshape(-1, 2, 3)
    grid = affine_grid(rows, list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)
