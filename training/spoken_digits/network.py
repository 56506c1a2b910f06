"""The network of `spoken_digits`, and the log-mel spectrogram that it sees.

The spectrogram's window and Fourier transform are one convolution of the waveform, the mel filters
one product: in torch for training, by the same constants in the graph.
"""

import numpy as np
import torch
from torch import Tensor, nn

from serving.types import Array
from training.export import Graph

RATE = 8000
SAMPLES = 8000
WINDOW, HOP = 256, 128
MELS, LOWEST_HZ = 40, 60.0
QUIET = 1e-4  # the power below which a band counts as silent, in a clip of full loudness
SILENCE = 1e-5  # added to a clip's loudness, so that silence is not divided by nothing
WIDTHS = (16, 32, 64, 64)


class LogMel(nn.Module):
    """Waveforms (N, T) to log-mel (N, 1, MELS, frames), all equally loud."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("basis", torch.from_numpy(fourier(WINDOW))[:, None])
        self.register_buffer("filters", torch.from_numpy(mel_filters(MELS, WINDOW, RATE)))

    def forward(self, waveforms: Tensor) -> Tensor:
        """The loudest sample of each clip becomes 1 or -1 first."""
        peak = waveforms.abs().amax(dim=1, keepdim=True)
        level = waveforms / (peak + SILENCE)
        parts = nn.functional.conv1d(level[:, None], self.basis, stride=HOP)
        cosine, sine = parts.chunk(2, dim=1)
        power = cosine * cosine + sine * sine
        return torch.log(self.filters @ power + QUIET)[:, None]


class Block(nn.Sequential):
    """A 3 x 3 convolution, normalised, and halved in both directions."""

    def __init__(self, given: int, width: int) -> None:
        super().__init__(
            nn.Conv2d(given, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )


class Listener(nn.Module):
    """Log-mel (N, 1, MELS, frames) to logits (N, 10)."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS, dropout: float = 0.3) -> None:
        super().__init__()
        self.level = nn.BatchNorm2d(1)
        pairs = zip((1, *widths), widths, strict=False)
        self.blocks = nn.Sequential(*(Block(given, width) for given, width in pairs))
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], 10)

    def forward(self, pictures: Tensor) -> Tensor:
        """By the mean and the maximum, over the picture, of what the blocks see in it."""
        seen = self.blocks(self.level(pictures)).flatten(2)
        return self.head(self.drop(seen.mean(dim=2) + seen.amax(dim=2)))

    def layers(self) -> list[nn.Module]:
        """The layers with channels, in the order in which sound passes them."""
        return [layer for block in self.blocks for layer in (block[0], block[1])] + [self.head]


def fourier(window: int) -> Array:
    """The cosines, then the sines, of a Hann window's Fourier transform, FP32 (2 F, window)."""
    times = np.arange(window)
    turns = 2 * np.pi * np.outer(np.arange(window // 2 + 1), times) / window
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * times / window)
    return np.float32(np.concatenate([np.cos(turns), np.sin(turns)]) * hann)


def mel_filters(mels: int, window: int, rate: int) -> Array:
    """Triangles, evenly spaced on the mel scale, over the frequencies; FP32 (mels, F)."""
    ends = 2595 * np.log10(1 + np.array([LOWEST_HZ, rate / 2]) / 700)
    corners = 700 * (10 ** (np.linspace(*ends, mels + 2) / 2595) - 1)
    frequencies = np.linspace(0, rate / 2, window // 2 + 1)
    rising = (frequencies - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - frequencies) / np.diff(corners)[1:, None]
    return np.float32(np.minimum(rising, falling).clip(0) / window)


def add_log_mel(graph: Graph, waveforms: str) -> str:
    """Add the log-mel of waveforms FP32 (N, T), as `LogMel` computes it."""
    peak = graph.add("ReduceMax", graph.add("Abs", waveforms), graph.integers(1))
    least = graph.add("Add", peak, graph.constant("silence", np.array(SILENCE, np.float32)))
    level = graph.add("Unsqueeze", graph.add("Div", waveforms, least), graph.integers(1))
    basis = graph.constant("fourier", fourier(WINDOW)[:, np.newaxis])
    parts = graph.add("Conv", level, basis, strides=[HOP])
    bins = WINDOW // 2 + 1
    squares = graph.add("Mul", parts, parts)
    cosine, sine = (
        graph.add("Slice", squares, *(graph.integers(end) for end in (start, start + bins, 1)))
        for start in (0, bins)
    )
    filters = graph.constant("mel_filters", mel_filters(MELS, WINDOW, RATE))
    bands = graph.add("MatMul", filters, graph.add("Add", cosine, sine))
    quiet = graph.constant("quiet", np.array(QUIET, np.float32))
    logarithm = graph.add("Log", graph.add("Add", bands, quiet))
    return graph.add("Unsqueeze", logarithm, graph.integers(1))
