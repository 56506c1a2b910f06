"""Public clients, unchanged, against the local cloud: Triton's and OpenAI's; and our own."""

import asyncio
import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import openai
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from flotilla.client import AsyncFlotilla, Flotilla, Refused
from infra.local.cloud import LocalCloud
from serving.folder import ModelFolder
from tests.integration.fleet import examples

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


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_triton_compresses_both_ways(server: Triton, coding: str) -> None:
    many = np.repeat(FLOWERS, 60, axis=0)
    tensor = triton.InferInput("features", list(many.shape), "FP32")
    tensor.set_data_from_numpy(many)
    answer = server.infer(
        "iris",
        [tensor],
        request_compression_algorithm=coding,
        response_compression_algorithm=coding,
    )
    assert answer.as_numpy("probabilities").argmax(axis=1).tolist() == [0] * 60 + [2] * 60


@pytest.fixture
def client(cloud: LocalCloud) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{cloud.url}/v1", api_key=cloud.api_key, max_retries=0) as client:
        yield client


@pytest.fixture
def minilm(models: list[ModelFolder]) -> str:
    if "minilm" not in {model.name for model in models}:
        pytest.skip("minilm is built with `flotilla train minilm`")
    return "minilm"


def test_openai_lists_the_models(client: openai.OpenAI) -> None:
    assert "iris" in {model.id for model in client.models.list()}
    assert client.models.retrieve("iris").id == "iris"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


def test_openai_embeds(client: openai.OpenAI, minilm: str) -> None:
    """Without an `encoding_format` the client asks for base64 and gives lists of floats."""
    texts = ["A man is eating food.", "A man eats something.", "The stock market fell."]
    answer = client.embeddings.create(model=minilm, input=texts)
    vectors = np.array([entry.embedding for entry in answer.data])
    assert vectors.shape == (3, 384)
    alike, apart = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert alike > 0.7 > 0.3 > apart
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 15
    plain = client.embeddings.create(model=minilm, input=texts[0], encoding_format="float")
    whole = np.array(plain.data[0].embedding)
    assert whole @ vectors[0] > 0.98, "INT8 scales by all texts of a request"
    short = client.embeddings.create(model=minilm, input=texts[0], dimensions=64).data[0].embedding
    assert np.allclose(short, whole[:64] / np.linalg.norm(whole[:64]), atol=1e-6)


def test_openai_raises_our_words(client: openai.OpenAI, minilm: str) -> None:
    with pytest.raises(openai.BadRequestError, match="'input' holds tokens"):
        client.embeddings.create(model=minilm, input=[1, 2, 3])
    with pytest.raises(openai.BadRequestError, match="expected 1 to 384"):
        client.embeddings.create(model=minilm, input="a", dimensions=385)


def test_openai_is_told_which_models_there_are(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="'iris' is of task tabular_classification"):
        client.embeddings.create(model="iris", input="a")


def test_our_own_client_asks_whatever_there_is(cloud: LocalCloud, tmp_path: Path) -> None:
    with Flotilla(cloud.url, cloud.api_key) as fleet:
        answer = fleet.predict("iris", FLOWERS)
        assert [found["label"] for found in answer.predictions] == ["setosa", "virginica"]
        explained = fleet.explain("iris", FLOWERS[0], label="setosa").predictions[0]
        assert explained["attributions"]["label"] == "setosa"
        with pytest.raises(Refused, match="422 unprocessable: instance 0 has 1 features") as raised:
            fleet.predict("iris", [[1]])
        assert raised.value.id
        rows = tmp_path / "rows.csv"
        rows.write_text("5.1,3.5,1.4,0.2\n" * 3 + "x\n")
        job = fleet.wait(fleet.submit("iris", rows))
        lines = list(fleet.results(job))
        assert [line["line"] for line in lines] == [1, 2, 3, 4]
        assert "error" in lines[3]


def test_our_own_client_asks_many_at_once(cloud: LocalCloud) -> None:
    async def labels() -> list[str]:
        async with AsyncFlotilla(cloud.url, cloud.api_key) as fleet:
            answers = await asyncio.gather(*(fleet.predict("iris", FLOWERS) for _ in range(4)))
            job = await fleet.wait(await fleet.submit("iris", FLOWERS))
            later = [line async for line in fleet.results(job)]
        assert [entry["label"] for entry in later[0]["predictions"]] == ["setosa", "virginica"]
        return [answer.predictions[1]["label"] for answer in answers]

    assert asyncio.run(labels()) == ["virginica"] * 4


def post(cloud: LocalCloud, path: str, body: Any, **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return cloud.http("POST", path, raw, {"content-type": "application/json", **named})


@pytest.mark.parametrize("model", ["ett_load", "traffic"])
def test_kserve_forecasts_as_the_native_protocol_does(cloud: LocalCloud, model: str) -> None:
    native = examples(model)[0]
    instance = native["body"]["instances"][0]
    columns = instance["context"]
    one = {
        "type": "multivariate_time_series",
        "name": "all",
        "series": [list(step) for step in zip(*columns.values(), strict=True)],
        "frequency": "H",
        "start_timestamp": "2018-01-01T00:00:00",
        **({"future": instance["future"]} if "future" in instance else {}),
    }
    body = {"model": model, "inputs": [one], "options": {"horizon": 1, "quantiles": [0.1, 0.9]}}
    reply = post(cloud, "/v1/timeseries/forecast", body)
    assert reply.status == 200, reply.body
    [forecast] = reply.json()["outputs"][0]["content"]
    expected = native["answer"]["predictions"][0]
    for column, name in enumerate(columns):
        mean = expected["mean"][name][0]
        assert forecast["mean_forecast"][0][column] == pytest.approx(mean, rel=1e-4, abs=1e-4)
        for quantile in ("0.1", "0.9"):
            band = expected["quantiles"][name][quantile][0]
            found = forecast["quantiles"][quantile][0][column]
            assert found == pytest.approx(band, rel=1e-4, abs=1e-4)
    assert forecast["start_timestamp"].startswith("2018-01-")
    assert reply.json()["usage"]["cost_usd"] > 0


def test_raw_bodies_forms_and_compression_pass_the_gateway_unharmed(cloud: LocalCloud) -> None:
    """What depends on the gateway: bytes in and out, whatever their type."""
    example = next(each for each in examples("digits") if each["media_type"] == "image/png")
    png = base64.b64decode(example["body_base64"])
    expected = example["answer"]["predictions"][0]["label"]
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'
    form = head + png + b"\r\n" + head + png + b"\r\n--x--\r\n"
    path = "/v1/models/digits/predict"
    reply = post(cloud, path, form, content_type="multipart/form-data; boundary=x")
    assert [found["label"] for found in reply.json()["predictions"]] == [expected] * 2
    rows = "\n".join(["5.1,3.5,1.4,0.2"] * 60).encode()
    reply = post(
        cloud,
        "/v1/models/iris/predict",
        gzip.compress(rows),
        content_type="text/csv",
        content_encoding="gzip",
        accept="text/csv",
        accept_encoding="gzip",
    )
    assert reply.headers["content-encoding"] == "gzip"
    table = gzip.decompress(reply.body).decode().splitlines()
    assert table[0] == "label,score,scores.setosa,scores.versicolor,scores.virginica"
    assert len(table) == 61
