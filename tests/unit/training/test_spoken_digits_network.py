"""What the network of the spoken digits hears: the same in torch and in the graph, however loud."""

import numpy as np
import pytest

from serving.types import Array
from training import parity
from training.export import Graph

torch = pytest.importorskip("torch", reason="the training environment has it")

from training.spoken_digits import network, sounds  # noqa: E402 - only with torch


def clips() -> Array:
    """Tones of different pitch, loudness and length, and silence."""
    times = np.arange(network.SAMPLES) / network.RATE
    tones = [np.sin(2 * np.pi * pitch * times) for pitch in (200, 700, 1500, 3000)]
    tones = [level * tone for level, tone in zip((1, 0.3, 0.01, 0.5), tones, strict=True)]
    tones[0][4000:] = 0
    return np.float32([*tones, np.zeros(network.SAMPLES)])


def test_log_mel_in_the_graph_is_that_of_torch() -> None:
    graph = Graph("log_mel")
    mel = network.add_log_mel(graph, graph.input("waveform", "FP32", ("N", network.SAMPLES)))
    graph.add("Identity", mel, output="seen")
    frames = (network.SAMPLES - network.WINDOW) // network.HOP + 1
    graph.output("seen", "FP32", ("N", 1, network.MELS, frames))
    with torch.no_grad():
        expected = network.LogMel()(torch.from_numpy(clips())).numpy()
    np.testing.assert_allclose(parity.run(graph.finish(), clips(), 2), expected, atol=1e-4)


def test_loudness_makes_no_difference_but_for_silence() -> None:
    listen = network.LogMel()
    loud = torch.from_numpy(clips()[:2])
    np.testing.assert_allclose(listen(0.1 * loud).numpy(), listen(loud).numpy(), atol=1e-2)
    assert torch.isfinite(listen(torch.zeros(1, network.SAMPLES))).all()


def test_higher_tones_are_seen_in_higher_bands() -> None:
    seen = network.LogMel()(torch.from_numpy(clips()[:4])).mean(dim=3)[:, 0].argmax(dim=1)
    assert seen.tolist() == sorted(seen.tolist())
    assert len(set(seen.tolist())) == 4


def test_noise_has_the_strength_that_was_asked_for() -> None:
    tone = clips()[1:2]
    noise = sounds.with_noise(tone, 10, seed=0) - tone
    decibels = 10 * np.log10((tone**2).mean() / (noise**2).mean())
    assert decibels == pytest.approx(10, abs=0.2)


def test_changed_clips_are_drawn_by_the_generator_alone() -> None:
    batch = torch.from_numpy(clips()), torch.arange(5)
    first, again, other = (
        sounds.augment(batch, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)
    )
    assert first.shape == batch[0].shape
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
