"""The networks of `pneumonia`, for X-rays FP32 (N, 1, 28, 28) of 0 to 1: logits (N, 2)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.recipe import Recipe, initialise

WIDTHS = (32, 64, 128)


class Levelled(nn.Module):
    """Each image to mean 0 and deviation 1, so that exposure and contrast do not count."""

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, H, W) as it was."""
        centred = images - images.mean((2, 3), keepdim=True)
        variance = (centred * centred).mean((2, 3), keepdim=True)
        return centred / torch.sqrt(variance + 1e-4)


class Lungs(nn.Sequential):
    """Two convolutions a block, each normalised; the last features are averaged over the image."""

    def __init__(self, recipe: Recipe, widths: Sequence[int] = WIDTHS) -> None:
        layers: list[nn.Module] = [Levelled()]
        for given, width in zip((1, *widths), widths, strict=False):
            layers += [*_convolution(given, width), *_convolution(width, width)]
            if width != widths[-1]:
                layers.append(nn.MaxPool2d(2))
        pooled = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(recipe.dropout)]
        super().__init__(*layers, *pooled, nn.Linear(widths[-1], 2))
        initialise(self, recipe)

    def chain(self) -> list[nn.Module]:
        """The layers with weights, in the order in which data pass them."""
        return [
            layer for layer in self if isinstance(layer, nn.Conv2d | nn.BatchNorm2d | nn.Linear)
        ]


def _convolution(given: int, width: int) -> list[nn.Module]:
    return [nn.Conv2d(given, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
