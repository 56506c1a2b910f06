"""Large batches: what a graph is given at once."""

from pathlib import Path

import numpy as np

from serving import images, pieces
from serving.limits import Limits
from serving.service import Service
from serving.types import Tensors
from tests import artifacts
from tests.unit.serving.test_native import picture


def sizes(service: Service, inputs: Tensors) -> list[int]:
    """How many rows each run of a batch has; the answers are looked at on the way."""
    asked: list[int] = []

    def answer(some: Tensors) -> Tensors:
        first = some[service.manifest.inputs[0].name]
        asked.append(len(first))
        return {"first": first.reshape(len(first), -1)[:, :1]}

    whole = inputs[service.manifest.inputs[0].name]
    found = pieces.run(service.manifest, inputs, answer)["first"]
    np.testing.assert_array_equal(found, whole.reshape(len(whole), -1)[:, :1])
    return asked


def test_large_images_are_asked_some_at_a_time(tmp_path: Path) -> None:
    service = Service.load(artifacts.brightness(tmp_path))
    batch = np.zeros((5, 1000, 2500, 1), np.uint8)
    batch[:, 0, 0, 0] = range(5)
    assert sizes(service, {"image": batch}) == [2, 2, 1]
    assert sizes(service, {"image": batch[:2]}) == [2]
    assert sizes(service, {"image": np.zeros((2, 4000, 3000, 1), np.uint8)}) == [1, 1]


def test_long_texts_are_asked_some_at_a_time_and_compared_all_the_same(tmp_path: Path) -> None:
    service = Service.load(artifacts.directions(tmp_path))
    ids = np.arange(40)[:, None].repeat(1024, axis=1)
    assert sizes(service, {"input_ids": ids, "sizes": np.array([40])}) == [4] * 10


def test_rows_of_any_graph_stay_together(tmp_path: Path) -> None:
    service = Service.load(artifacts.identity(tmp_path, "FP32"))
    assert sizes(service, {"x": np.zeros((600_000, 2), np.float32)}) == [600_000]


def test_an_image_of_many_pixels_comes_at_a_fraction_of_its_size() -> None:
    from PIL import Image

    large = Image.new("RGB", (4000, 3000), (10, 20, 30))
    large.paste((200, 100, 50), (0, 0, 2000, 3000))
    pixels = images.decode(picture(large, "PNG"), 3, Limits())
    assert pixels.shape == (1500, 2000, 3)
    assert pixels[0, 0].tolist() == [200, 100, 50]
    assert pixels[-1, -1].tolist() == [10, 20, 30]
