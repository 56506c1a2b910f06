"""The networks of `pneumonia`, for X-rays FP32 (N, 1, 28, 28) of 0 to 1: logits (N, 2)."""

from collections.abc import Sequence

from torch import Tensor, nn

from training.networks.recipe import Recipe, initialise

MEAN, DEVIATION = 0.572, 0.168


class Normalised(nn.Module):
    """X-rays of 0 to 1 to mean 0 and deviation 1, as of the training images together."""

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, H, W) as it was."""
        return (images - MEAN) / DEVIATION


class Lungs(nn.Sequential):
    """Two convolutions a block, each normalised; the last features are averaged over the image."""

    def __init__(self, recipe: Recipe, widths: Sequence[int]) -> None:
        layers: list[nn.Module] = [Normalised()]
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
