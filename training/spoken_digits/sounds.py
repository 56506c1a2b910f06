"""Recordings as the engine decodes them, and the ways they are changed while training.

Noise is white, at a signal-to-noise ratio of so many decibels over the clip's own sound.
"""

import numpy as np
import torch
from torch import Tensor

from serving import audio
from serving.limits import Limits
from serving.types import Array
from training.spoken_digits.network import RATE, SAMPLES

_LONGEST_SHIFT = 2000
_SLOWEST, _FASTEST = 0.85, 1.15
_NOISY_SHARE = 0.5
_SNR_DB = (5.0, 35.0)


def waveforms(files: Array) -> Array:
    """WAV files (N,) as FP32 (N, SAMPLES), decoded as the engine does, padded or cut."""
    batch = np.zeros((len(files), SAMPLES), dtype=np.float32)
    for row, content in zip(batch, files, strict=True):
        sound = audio.decode(content, RATE, Limits())[:SAMPLES]
        row[: len(sound)] = sound
    return batch


def with_noise(clips: Array, decibels: float, seed: int) -> Array:
    """Clips (N, T) with noise at this signal-to-noise ratio."""
    draw = torch.Generator().manual_seed(seed)
    ratio = torch.full((len(clips), 1), decibels)
    return _noisy(torch.from_numpy(clips), ratio, draw).numpy()


def augment(batch: tuple[Tensor, ...], draw: torch.Generator) -> tuple[Tensor, ...]:
    """Speed, place in the second and noise of a batch of clips, changed by chance."""
    clips, targets = batch
    clips = _faster(clips, draw)
    clips = torch.stack([_later(clip, draw) for clip in clips])
    low, high = _SNR_DB
    ratio = low + (high - low) * torch.rand((len(clips), 1), generator=draw)
    chosen = torch.rand((len(clips), 1), generator=draw) < _NOISY_SHARE
    return torch.where(chosen, _noisy(clips, ratio, draw), clips), targets


def _faster(clips: Tensor, draw: torch.Generator) -> Tensor:
    """All clips of a batch at one other speed, as a tape would play them."""
    speed = _SLOWEST + (_FASTEST - _SLOWEST) * torch.rand((), generator=draw).item()
    length = round(clips.shape[1] / speed)
    changed = torch.nn.functional.interpolate(clips[:, None], length, mode="linear")[:, 0]
    if length >= clips.shape[1]:
        return changed[:, : clips.shape[1]]
    return torch.nn.functional.pad(changed, (0, clips.shape[1] - length))


def _later(clip: Tensor, draw: torch.Generator) -> Tensor:
    """The clip, begun a little later where there is room for it at the end."""
    silent = int((clip.flip(0) != 0).float().argmax())
    room = min(silent, _LONGEST_SHIFT)
    return clip.roll(int(torch.randint(room + 1, (), generator=draw)))


def _noisy(clips: Tensor, decibels: Tensor, draw: torch.Generator) -> Tensor:
    sounding = (clips != 0).sum(dim=1, keepdim=True).clamp(min=1)
    power = (clips**2).sum(dim=1, keepdim=True) / sounding
    scale = (power / 10 ** (decibels / 10)).sqrt()
    return clips + scale * torch.randn(clips.shape, generator=draw)
