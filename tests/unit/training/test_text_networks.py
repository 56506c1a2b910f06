"""The networks that text models are held against read texts of any length, and learn."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training import beside  # noqa: E402 - needs torch
from training.networks.recipe import Recipe  # noqa: E402 - needs torch
from training.texts import text_networks  # noqa: E402 - needs torch
from training.texts.text_networks import Recurrent, SelfAttention, Texts  # noqa: E402 - needs torch

RECIPE = Recipe(epochs=6, batch_size=16, learning_rate=1e-2)


def corpus(rows: int, seed: int) -> Texts:
    """Texts of eight tokens; those of class 1 hold token 3."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(4, 20, (rows, 8))
    targets = rng.integers(0, 2, rows)
    ids[targets == 1, 2] = 3
    return Texts(ids, targets)


def test_padding_changes_no_answer_of_self_attention() -> None:
    network = SelfAttention(20, 2, RECIPE, longest=8).eval()
    ids = torch.tensor([[3, 4, 5]])
    padded = torch.nn.functional.pad(ids, (0, 4))
    torch.testing.assert_close(network(ids), network(padded))


def test_a_text_without_tokens_has_an_answer() -> None:
    for network in (SelfAttention(20, 2, RECIPE, longest=8), Recurrent(20, 2, RECIPE)):
        assert torch.isfinite(network.eval()(torch.zeros((1, 4), dtype=torch.int64))).all()


def test_the_last_tokens_are_kept() -> None:
    rows = text_networks.last([np.arange(1, 6), np.array([7])], 3)
    np.testing.assert_array_equal(rows, [[3, 4, 5], [7, 0, 0]])


@pytest.mark.parametrize("kind", [SelfAttention, Recurrent])
def test_it_learns_and_the_outcome_is_recorded(kind: type, tmp_path: Path) -> None:
    torch.manual_seed(0)
    outcome = text_networks.compare(
        kind(20, 2, RECIPE, width=16), corpus(400, 0), corpus(200, 1), RECIPE, tmp_path / "work"
    )
    text_networks.record(tmp_path, "a network", RECIPE, outcome)
    found = json.loads((tmp_path / beside.REFERENCES).read_text())["a network"]
    assert found["value"] > 0.9
    assert found["epochs"] == 6
    assert found["loss"][-1] < found["loss"][0]
