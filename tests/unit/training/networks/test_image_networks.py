from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from training import parity
from training.cifar10.networks import Mirrored
from training.export import Graph
from training.networks import optimise
from training.vision import images, pictures, robustness
from training.vision.squares import add_squares, squares

LABELS = 3
EXPORTING = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch warns itself


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, LABELS),
    ).eval()


def photos(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (40, 23), (9, 31), (5, 4), (1, 1), (200, 300)])
def test_the_graph_makes_the_same_squares_of_any_size(size: tuple[int, int]) -> None:
    graph = Graph("squares")
    given = graph.input("image", "UINT8", ("N", "H", "W", 3))
    graph.add("Identity", add_squares(graph, given, 8, 3), output="squares")
    graph.output("squares", "FP32", ("N", 3, 8, 8))
    pair = photos(2, *size, 3)
    expected = squares(torch.from_numpy(pair), 8).numpy()
    assert np.abs(parity.run(graph.finish(), pair, 2) - expected).max() < 1e-6


def test_a_square_is_the_middle_of_the_picture() -> None:
    wide = np.zeros((1, 8, 24, 1), np.uint8)
    wide[:, :, 8:16] = 255
    assert squares(torch.from_numpy(wide), 8).min() == 1


@EXPORTING
def test_the_served_graph_answers_as_torch_does(network: nn.Module) -> None:
    graph = pictures.classifier(
        "tiny", pictures.to_onnx(network, torch.rand(2, 3, 8, 8)), 8, 3, LABELS, 1.5
    )
    given = photos(20, 12, 9, 3)
    parity.check(graph, given, pictures.probabilities(network, given, 8, 1.5))


def test_a_mirrored_network_answers_an_image_and_its_mirror_image_alike(network: nn.Module) -> None:
    network[3] = nn.AdaptiveMaxPool2d((1, 2))  # so that left and right are not the same to it
    network[5] = nn.Linear(16, LABELS)
    some = torch.rand(4, 3, 8, 8)
    answers = Mirrored(network)(some)
    assert torch.allclose(answers, Mirrored(network)(some.flip(3)), atol=1e-6)
    assert torch.allclose(answers[1], (network(some) + network(some.flip(3)))[1] / 2, atol=1e-6)


@EXPORTING
def test_int8_answers_nearly_the_same_and_is_smaller(network: nn.Module) -> None:
    full = pictures.to_onnx(network, torch.rand(2, 3, 8, 8))
    feeds = [{"given": squares(torch.from_numpy(photos(16, 8, 8, 3)), 8).numpy()}]
    small = optimise.int8_static(full, feeds)
    assert "QuantizeLinear" in {node.op_type for node in small.graph.node}
    one, two = (
        parity.run(pictures.classifier("tiny", net, 8, 3, LABELS, 1.0), photos(9, 8, 8, 3), 9)
        for net in (full, small)
    )
    assert 0 < np.abs(one - two).max() < 0.02


def test_the_temperature_undoes_what_made_logits_too_bold() -> None:
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn((4000, LABELS), generator=generator)
    targets = torch.multinomial(honest.softmax(1), 1, generator=generator).ravel()
    assert pictures.temperature(honest * 3, targets) == pytest.approx(3, rel=0.1)


def test_a_pruned_copy_keeps_the_strongest_channels(network: nn.Module) -> None:
    with torch.no_grad():
        network[0].weight[[1, 4, 6]] = 0
        network[0].bias[[1, 4, 6]] = 0
        network[5].weight[:, [1, 4, 6]] = 0
    chain = [network[0], network[1], network[5]]
    narrow = nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5), *network[2:5], nn.Linear(5, LABELS)
    ).eval()
    optimise.copy_strongest(chain, [narrow[0], narrow[1], narrow[5]])
    given = torch.rand(4, 3, 8, 8)
    assert torch.allclose(narrow(given), network(given), atol=1e-6)


def test_a_student_is_drawn_to_its_teacher(network: nn.Module) -> None:
    loss = optimise.taught(network)
    batch = (torch.rand(4, 3, 8, 8), network(torch.rand(4, 3, 8, 8)).argmax(1))
    other = nn.Sequential(nn.Flatten(), nn.Linear(192, LABELS))
    nn.init.constant_(other[1].weight, 1)
    assert loss(network, batch) < loss(other, batch)


@pytest.mark.parametrize("attack", [robustness.fgsm, robustness.pgd])
def test_an_attack_stays_within_its_strength_and_does_harm(
    attack: robustness.Attack, network: nn.Module
) -> None:
    given, targets = torch.rand(16, 3, 8, 8), torch.arange(16) % LABELS
    moved = attack(network, given, targets, 4.0)
    assert (moved - given).abs().max() <= 4 / 255 + 1e-6
    assert 0 <= moved.min() <= moved.max() <= 1
    loss = nn.functional.cross_entropy
    assert loss(network(moved), targets) > loss(network(given), targets)


def test_look_alikes_are_found_and_others_are_not() -> None:
    seen = photos(20, 16, 16, 3)
    again = np.clip(seen[3].astype(int) + 1, 0, 255).astype(np.uint8)
    unseen = np.stack(
        [again, np.random.default_rng(9).integers(0, 256, (16, 16, 3), dtype=np.uint8)]
    )
    assert robustness.near_twins(seen, unseen, 4.0).tolist() == [True, False]


def test_augmentation_changes_pictures_and_keeps_their_form(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    given = images.pixels(photos(8, 12, 12, 1))
    shifted = images.shifted(images.flipped(given, generator), 2, generator)
    assert shifted.shape == given.shape
    assert shifted.dtype == torch.uint8
    assert not torch.equal(shifted, given)
    changed = images.exposed(images.turned(images.bright(given), 0.2, generator), 0.2, generator)
    assert changed.shape == given.shape
    assert 0 <= changed.min() <= changed.max() <= 1
