"""WAV to a waveform: mono, at the rate that the model was trained on."""

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import ceil, gcd

import numpy as np

from serving.errors import BadRequest, TooLarge
from serving.limits import Limits
from serving.types import Array

MEDIA_TYPES = ("audio/wav", "audio/x-wav", "audio/wave")
# As high as studios record; what resampling takes of memory grows with the rate that a file states.
_HIGHEST_RATE = 384_000
_WIDEST_BYTES = 4
_VALUES_A_READ = 1 << 18
# 30 s at 48,000 samples a second.
_AT_ONCE = 1_440_000
_LONGEST_STEP, _PLAIN = 8_000, 25
_UNSIGNED_CENTRE = 128
_BITS_PER_BYTE = 8


def decode(raw: bytes, rate: int, limits: Limits) -> Array:
    """A WAV file of any rate, width and channels to FP32 (T,) in [-1, 1] at `rate` a second.

    Raises BadRequest when it is no PCM WAV, TooLarge when it lasts longer than the limits.
    """
    with _opened(raw, limits) as file:
        samples = _mono(file)
        source_rate = file.getframerate()
    if not len(samples):
        raise BadRequest("the audio has no samples")
    return resample(samples, source_rate, rate).astype(np.float32, copy=False)


def seconds(raw: bytes, limits: Limits) -> float:
    """How long a WAV file lasts as its header has it.  Raises as `decode` does."""
    with _opened(raw, limits) as file:
        return file.getnframes() / file.getframerate()


def resample(samples: Array, source_rate: int, rate: int) -> Array:
    """Samples (T,) at another rate, band-limited: cut off, or padded with zeros, in frequency.

    Silence is put behind them until both lengths are whole, so that no sample moves in time.  Odd
    rates are taken for the next plain one, at most 0.2 % off, or that would be much silence; long
    recordings of high rates go second by second, each with a bit of what is around it.
    """
    if source_rate == rate:
        return samples
    if source_rate // gcd(source_rate, rate) > _LONGEST_STEP:
        source_rate = round(source_rate / _PLAIN) * _PLAIN
    if len(samples) <= _AT_ONCE:
        return _resampled(samples, source_rate, rate)
    faded = np.hanning(2 * source_rate)
    parts: list[Array] = []
    for start in range(0, len(samples), source_rate):
        first = max(0, start - source_rate)
        block = samples[first : start + 2 * source_rate].astype(np.float64)
        if first < start:
            block[:source_rate] *= faded[:source_rate]
        ending = block[start - first + source_rate :]
        ending *= faded[source_rate : source_rate + len(ending)]
        second = _resampled(block, source_rate, rate)[(start - first) // source_rate * rate :]
        parts.append(second[:rate].astype(np.float32))
    return np.concatenate(parts)[: ceil(len(samples) * rate / source_rate)]


def _resampled(samples: Array, source_rate: int, rate: int) -> Array:
    step = source_rate // gcd(source_rate, rate)
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % step))
    length = len(padded) * rate // source_rate
    spectrum = np.fft.rfft(padded)[: length // 2 + 1]
    resampled: Array = np.fft.irfft(spectrum, length) * (length / len(padded))
    return resampled[: ceil(len(samples) * rate / source_rate)]


@contextmanager
def _opened(raw: bytes, limits: Limits) -> Iterator[wave.Wave_read]:
    try:
        with wave.open(BytesIO(raw)) as file:
            _require_sound(file, limits)
            yield file
    except (wave.Error, EOFError, RuntimeError) as error:  # `wave` seeks beyond the end of chunks
        reason = str(error) or "it is cut off"
        raise BadRequest(f"the audio cannot be read as PCM WAV: {reason}") from None


def _require_sound(file: wave.Wave_read, limits: Limits) -> None:
    rate, width = file.getframerate(), file.getsampwidth()
    if not 1 <= rate <= _HIGHEST_RATE:
        raise BadRequest(f"the audio has {rate} samples a second, expected 1 to {_HIGHEST_RATE}")
    if width > _WIDEST_BYTES:
        raise BadRequest(f"the audio has {width} bytes a sample, expected 1 to {_WIDEST_BYTES}")
    seconds = file.getnframes() / rate
    if seconds > limits.audio_seconds:
        raise TooLarge(
            f"the audio lasts {seconds:.1f} s, expected at most {limits.audio_seconds} s"
        )


def _mono(file: wave.Wave_read) -> Array:
    """All samples of a file, FP32 (T,), read some at a time: wider ones take much on the way."""
    width, channels = file.getsampwidth(), file.getnchannels()
    together = max(1, _VALUES_A_READ // channels)
    read = iter(lambda: file.readframes(together), b"")
    parts = [_samples(frames, width, channels).astype(np.float32) for frames in read]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _samples(frames: bytes, width: int, channels: int) -> Array:
    """Interleaved little-endian PCM to mono (T,) in [-1, 1]."""
    whole = len(frames) // (width * channels) * width * channels
    if width == 1:
        values = np.frombuffer(frames, dtype=np.uint8, count=whole).astype(np.float64)
        values -= _UNSIGNED_CENTRE
    else:
        padded = np.zeros((whole // width, 4), dtype=np.uint8)
        padded[:, 4 - width :] = np.frombuffer(frames, np.uint8, whole).reshape(-1, width)
        values = padded.view("<i4")[:, 0] / 2.0 ** (32 - width * _BITS_PER_BYTE)
    full_scale = 2.0 ** (width * _BITS_PER_BYTE - 1)
    mono: Array = values.reshape(-1, channels).mean(axis=1) / full_scale
    return mono
