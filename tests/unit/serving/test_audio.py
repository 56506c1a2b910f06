"""Recordings: WAV of any rate, width and channels is one waveform."""

import wave
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest

from serving import audio
from serving.limits import Limits
from serving.types import Array, Json
from tests import artifacts
from tests.unit.serving.conftest import Model


def tone(rate: int, seconds: float = 0.5, hertz: float = 440.0) -> Array:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def wav(samples: Array, rate: int = 8000, width: int = 2, channels: int = 1) -> bytes:
    """A WAV file with the same samples in every channel."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        scaled = np.round(np.repeat(samples, channels) * (2 ** (8 * width - 1) - 1)).astype(
            np.int64
        )
        if width == 1:
            file.writeframes((scaled + 128).astype(np.uint8).tobytes())
        else:
            file.writeframes(
                scaled.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
            )
    return buffer.getvalue()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 44_100])
def test_every_kind_of_wav_gives_the_same_waveform(width: int, channels: int, rate: int) -> None:
    decoded = audio.decode(wav(tone(rate), rate, width, channels), 8000, Limits())
    assert decoded.dtype == np.float32
    assert abs(len(decoded) - 4000) <= 1
    inner = slice(200, 3800)
    error = np.abs(decoded[inner] - tone(8000)[inner]).max()
    assert error < (0.02 if width == 1 else 0.005)


def test_what_the_lower_rate_cannot_hold_is_filtered_out() -> None:
    hiss = audio.resample(tone(44_100, hertz=9000), 44_100, 8000)
    assert np.abs(hiss[200:-200]).max() < 0.01


def loud(model: Model, body: Json, media_type: str = "audio/wav") -> list[float]:
    answer = model.predict(body, media_type)
    assert answer.status == 200, answer.document
    return [prediction["scores"]["loud"] for prediction in answer.document["predictions"]]


def test_raw_and_base64_recordings_are_answered(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.loudness)
    file = wav(np.full(800, 0.5))
    assert loud(model, file) == pytest.approx([0.25], abs=1e-3)
    shorter = wav(np.full(400, 0.5))
    instances = [{"audio": b64encode(one).decode()} for one in (file, shorter)]
    both = loud(model, {"instances": instances}, "application/json")
    assert both == pytest.approx([0.25, 0.125], abs=1e-3)  # the shorter one padded with silence


@pytest.mark.parametrize(("samples", "power"), [(400, 0.125), (1600, 0.25)])
def test_a_fixed_length_pads_and_cuts(
    serve: Callable[..., Model], samples: int, power: float
) -> None:
    model = serve(artifacts.loudness, seconds=0.1)
    assert loud(model, wav(np.full(samples, 0.5))) == pytest.approx([power], abs=1e-3)


def float_wav() -> bytes:
    """A WAV whose format is IEEE float, not PCM."""
    return wav(np.zeros(8), width=4).replace(
        b"fmt \x10\x00\x00\x00\x01", b"fmt \x10\x00\x00\x00\x03"
    )


def stated(place: int, value: int, size: int = 4) -> bytes:
    """A WAV with another number at a place of its header."""
    file = wav(np.zeros(8))
    return file[:place] + value.to_bytes(size, "little") + file[place + size :]


RIFF_BYTES, FMT_BYTES, RATE, BITS = 4, 16, 24, 34  # where the header says so


@pytest.mark.parametrize(
    ("file", "status", "part"),
    [
        (b"", 400, "cannot be read as PCM WAV"),
        (b"RIFF1234WAVE", 400, "cannot be read as PCM WAV"),
        (b"OggS", 400, "cannot be read as PCM WAV"),
        (float_wav(), 400, "cannot be read as PCM WAV"),
        (wav(np.zeros(0)), 400, "no samples"),
        (wav(np.zeros(8000 * 31)), 413, "lasts 31.0 s, expected at most 30 s"),
        (stated(RATE, 0), 400, "has 0 samples a second, expected 1 to 384000"),
        (stated(RATE, 4_294_967_291), 400, "has 4294967291 samples a second"),
        (stated(BITS, 64, 2), 400, "has 8 bytes a sample, expected 1 to 4"),
        (stated(FMT_BYTES, 1 << 31), 400, "PCM WAV: it is cut off"),
        (stated(RIFF_BYTES, 20), 400, "PCM WAV: it is cut off"),
    ],
    ids=[
        "empty",
        "cut off",
        "Ogg",
        "float",
        "silence of no length",
        "31 s",
        "no rate",
        "a rate of gigabytes",
        "64 bits",
        "long chunk",
        "short file",
    ],
)
def test_bad_recordings(serve: Callable[..., Model], file: bytes, status: int, part: str) -> None:
    model = serve(artifacts.loudness)
    answer = model.predict(file, "audio/wav")
    assert answer.status == status, answer.document
    assert part in answer.document["error"]["message"]
    assert loud(model, wav(np.zeros(8))) == [0.0]


def test_recordings_are_counted_as_long_as_the_longest_of_them(serve: Callable[..., Model]) -> None:
    long, short = (b64encode(wav(np.zeros(8000 * seconds))).decode() for seconds in (16, 1))
    body = {"instances": [{"audio": long}, *[{"audio": short}] * 19]}
    answer = serve(artifacts.loudness).predict(body)
    assert answer.status == 413, answer.document
    assert answer.document["error"]["message"] == (
        "the request holds 20 recordings, the longest of 16.0 s, which come to 320.0 s, "
        "expected at most 300 s"
    )


def test_recordings_that_are_cut_to_a_length_may_be_longer(serve: Callable[..., Model]) -> None:
    long, short = (b64encode(wav(np.full(size, 0.5))).decode() for size in (8000 * 16, 800))
    body = {"instances": [{"audio": long}, *[{"audio": short}] * 19]}
    answers = loud(serve(artifacts.loudness, seconds=0.1), body, "application/json")
    assert answers == pytest.approx([0.25] * 20, abs=1e-3)


@pytest.mark.parametrize("rate", [96_000, 192_000])
def test_long_recordings_of_high_rates_stay_as_they_are(rate: int) -> None:
    seconds = 1_440_000 / rate + 1.3
    sound = tone(rate, seconds, 440) + tone(rate, seconds, 1234.5) / 2
    expected = tone(8000, seconds, 440) + tone(8000, seconds, 1234.5) / 2
    found = audio.resample(sound, rate, 8000)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found[200:-200], expected[200:-200], atol=2e-3)


def test_odd_rates_are_taken_for_plain_ones() -> None:
    odd, plain = (audio.resample(np.ones(25_000), rate, 8000) for rate in (383_979, 383_975))
    np.testing.assert_array_equal(odd, plain)
