"""The networks of `cifar10`, for images FP32 (N, 3, 32, 32) of 0 to 1: logits (N, 10).

`Compact` is the one that is served, after airbench94 (K. Jordan, 2024), narrower: a frozen first
layer that whitens patches of 2 x 2, three blocks of two convolutions, scaled logits; `Mirrored`, it
sees each image from both sides.  `Plain` is the reference: conv32, conv64, conv64, dense64.
"""

import torch
from torch import Tensor, nn

from training.networks.recipe import Recipe

MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
_EPSILON = 5e-4
_LOGIT_SCALE = 1 / 9


class Normalised(nn.Module):
    """Images of 0 to 1 to colours of mean 0 and deviation 1, as of the training images."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).reshape(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) as it was."""
        return (images - self.mean) / self.deviation


class Whitening(nn.Conv2d):
    """The principal directions of 2 x 2 patches and their negatives, each of unit variance."""

    def __init__(self) -> None:
        super().__init__(3, 24, 2)
        self.weight.requires_grad_(False)

    def look_at(self, images: Tensor) -> None:
        """Compute the weights from normalised images; they are never trained."""
        patches = images.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 12)
        variances, directions = torch.linalg.eigh(torch.cov(patches.double().T))
        scaled = (directions / (variances + _EPSILON).sqrt()).T.float().reshape(12, 3, 2, 2)
        with torch.no_grad():
            self.weight.copy_(torch.cat([scaled, -scaled]))
            self.bias.zero_()


class Block(nn.Module):
    """Two convolutions, the first followed by pooling."""

    def __init__(self, given: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(given, width, 3, padding=1, bias=False)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width, momentum=0.4, eps=1e-5) for _ in "12")
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        """(N, given, H, W) to (N, width, H / 2, W / 2)."""
        x = self.act(self.norms[0](self.pool(self.first(x))))
        return self.act(self.norms[1](self.second(x)))


class Compact(nn.Module):
    """The network that is served."""

    def __init__(self, widths: tuple[int, int, int] = (64, 160, 224)) -> None:
        super().__init__()
        self.normalised = Normalised()
        self.whitening = Whitening()
        self.act = nn.GELU()
        self.blocks = nn.Sequential(
            *(Block(given, width) for given, width in zip((24, *widths), widths, strict=False))
        )
        self.pool = nn.MaxPool2d(3)
        self.head = nn.Linear(widths[-1], 10, bias=False)
        self._start()

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10)."""
        x = self.blocks(self.act(self.whitening(self.normalised(images))))
        return self.head(self.pool(x).flatten(1)) * _LOGIT_SCALE

    def chain(self) -> list[nn.Module]:
        """The layers that are trained, in the order in which data pass them."""
        layers: list[nn.Module] = [self.whitening]
        for block in self.blocks:
            layers += [block.first, block.norms[0], block.second, block.norms[1]]
        return [*layers, self.head]

    def groups(self, recipe: Recipe, norm_bias_factor: float = 64.0) -> list[dict[str, object]]:
        """The optimiser's groups: the biases of normalisation learn faster, its gains never."""
        biases = [n.bias for n in self.modules() if isinstance(n, nn.BatchNorm2d)]
        known = {id(bias) for bias in biases}
        rest = [p for p in self.parameters() if p.requires_grad and id(p) not in known]
        fast = {
            "params": biases,
            "lr": recipe.learning_rate * norm_bias_factor,
            "weight_decay": recipe.l2 / norm_bias_factor,
        }
        return [{"params": rest}, fast]

    def look_at(self, images: Tensor) -> None:
        """Compute the whitening from images (N, 3, H, W) of 0 to 1."""
        self.whitening.look_at(self.normalised(images))

    def _start(self) -> None:
        """Convolutions begin by passing on what they are given; gains of normalisation stay 1."""
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.requires_grad_(False)
            elif isinstance(layer, nn.Conv2d) and not isinstance(layer, Whitening):
                nn.init.dirac_(layer.weight[: layer.in_channels])
        nn.init.normal_(self.head.weight, std=self.head.in_features**-0.5)


class Mirrored(nn.Module):
    """A network whose answer is the mean of those to the images and to their mirror images."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10)."""
        both = self.network(torch.cat([images, images.flip(3)]))
        return both.unflatten(0, (2, -1)).mean(0)


class Plain(nn.Sequential):
    """The reference."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(
            Normalised(),
            nn.Conv2d(3, 32, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, 64),
            nn.ReLU(),
            nn.Dropout(recipe.dropout),
            nn.Linear(64, 10),
        )
