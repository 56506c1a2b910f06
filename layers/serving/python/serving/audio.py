"""WAV to a waveform: mono, at the rate that the model was trained on."""

import wave
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
_UNSIGNED_CENTRE = 128
_BITS_PER_BYTE = 8


def decode(raw: bytes, rate: int, limits: Limits) -> Array:
    """A WAV file of any rate, width and channels to FP32 (T,) in [-1, 1] at `rate` a second.

    Raises BadRequest when it is no PCM WAV, TooLarge when it lasts longer than the limits.
    """
    try:
        with wave.open(BytesIO(raw)) as file:
            _require_sound(file, limits)
            frames = file.readframes(file.getnframes())
            samples = _samples(frames, file.getsampwidth(), file.getnchannels())
            source_rate = file.getframerate()
    except (wave.Error, EOFError, RuntimeError) as error:  # `wave` seeks beyond the end of chunks
        reason = str(error) or "it is cut off"
        raise BadRequest(f"the audio cannot be read as PCM WAV: {reason}") from None
    if not len(samples):
        raise BadRequest("the audio has no samples")
    return resample(samples, source_rate, rate).astype(np.float32)


def resample(samples: Array, source_rate: int, rate: int) -> Array:
    """Samples (T,) at another rate, band-limited: cut off, or padded with zeros, in frequency.

    Silence is put behind them until both lengths are whole, so that no sample moves in time.
    """
    if source_rate == rate:
        return samples
    step = source_rate // gcd(source_rate, rate)
    padded = np.pad(samples, (0, -len(samples) % step))
    length = len(padded) * rate // source_rate
    spectrum = np.fft.rfft(padded)[: length // 2 + 1]
    resampled: Array = np.fft.irfft(spectrum, length) * (length / len(padded))
    return resampled[: ceil(len(samples) * rate / source_rate)]


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
