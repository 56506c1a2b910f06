"""Public clients, unchanged, against the local cloud: `tritonclient[http]`."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from infra.local.cloud import LocalCloud

FLOWERS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]], dtype=np.float32)


class Triton:
    """Triton's client with the API key on every call."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.client = triton.InferenceServerClient(urlsplit(cloud.url).netloc)
        self.headers = {"x-api-key": cloud.api_key}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        return lambda *args, **kwargs: method(*args, headers=self.headers, **kwargs)


@pytest.fixture
def server(cloud: LocalCloud) -> Iterator[Triton]:
    server = Triton(cloud)
    yield server
    server.client.close()


def flowers(binary: bool) -> list[triton.InferInput]:
    tensor = triton.InferInput("features", list(FLOWERS.shape), "FP32")
    tensor.set_data_from_numpy(FLOWERS, binary_data=binary)
    return [tensor]


def test_triton_finds_the_server_and_its_models(server: Triton) -> None:
    assert server.is_server_live()
    assert server.is_server_ready()
    assert server.is_model_ready("iris")
    assert server.is_model_ready("iris", "1")
    assert not server.is_model_ready("iris", "99")
    assert "classification" in server.get_server_metadata()["extensions"]
    index = server.get_model_repository_index()
    assert {"name": "iris", "version": "1", "state": "READY", "reason": ""} in index
    assert server.get_model_metadata("iris")["inputs"][0]["shape"] == [-1, 4]
    assert server.get_model_config("iris")["max_batch_size"] == 128


@pytest.mark.parametrize("into", [True, False])
@pytest.mark.parametrize("out", [True, False, None])
def test_triton_asks_in_numpy_and_is_answered_in_numpy(
    server: Triton, into: bool, out: bool | None
) -> None:
    """`None` is the client's own choice."""
    name = "probabilities"
    outputs = None if out is None else [triton.InferRequestedOutput(name, binary_data=out)]
    answer = server.infer("iris", flowers(into), outputs=outputs, request_id="mine")
    probabilities = answer.as_numpy(name)
    assert probabilities.dtype == np.float32
    assert probabilities.argmax(axis=1).tolist() == [0, 2]
    assert answer.get_response()["id"] == "mine"


@pytest.mark.parametrize("binary", [True, False])
def test_triton_gets_classes(server: Triton, binary: bool) -> None:
    wanted = [triton.InferRequestedOutput("probabilities", binary_data=binary, class_count=2)]
    classes = server.infer("iris", flowers(True), outputs=wanted).as_numpy("probabilities")
    assert classes.shape == (2, 2)
    texts = [text.decode() if isinstance(text, bytes) else text for text in classes[:, 0]]
    assert [text.split(":")[1:] for text in texts] == [["0", "setosa"], ["2", "virginica"]]


def test_triton_raises_our_words(server: Triton) -> None:
    tensor = triton.InferInput("petals", [1, 4], "FP32")
    tensor.set_data_from_numpy(FLOWERS[:1])
    with pytest.raises(InferenceServerException, match="expected 'features'") as raised:
        server.infer("iris", [tensor])
    assert raised.value.status() == "422"
    with pytest.raises(InferenceServerException, match="cannot be loaded: deploy"):
        server.load_model("iris")
