"""Files put into the uploads bucket: one answer each, whatever they are called."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from infra.local.cloud import CloudError, LocalCloud, Result
from serving import keys
from tests.integration.fleet import examples

FLOWER = b"5.1,3.5,1.4,0.2\n"
FLOWERS = b"sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.7,3.1,4.7,1.5\n"


def answer(cloud: LocalCloud, model: str, key: str, body: bytes, **arguments: Any) -> Result:
    """What a file comes to."""
    version = cloud.upload(model, key, body, **arguments)
    return cloud.wait_for_result(model, key, version)


def lines(result: Result) -> list[dict[str, Any]]:
    """The lines of a batch's answer."""
    return [json.loads(line) for line in result.body.splitlines()]


def unique(name: str) -> str:
    """A key that no other test uses."""
    return f"{uuid4().hex}/{name}"


def stored(cloud: LocalCloud, prefix: str) -> list[str]:
    """The keys in the results bucket below a prefix."""
    found = cloud.client("s3").list_objects_v2(Bucket=cloud.results_bucket, Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def test_csv_gives_a_line_per_row(cloud: LocalCloud) -> None:
    result = answer(cloud, "iris", unique("flowers.csv"), FLOWERS)
    assert result.key.startswith("out/iris/")
    assert [line["prediction"]["label"] for line in lines(result)] == ["setosa", "versicolor"]


def test_jsonl_gives_a_line_per_line_and_bad_ones_are_answered_in_place(cloud: LocalCloud) -> None:
    body = b"[5.1, 3.5, 1.4, 0.2]\nnot json\n[6.7, 3.1, 4.7, 1.5]\n[1, 2]\n"
    found = lines(answer(cloud, "iris", unique("batch.jsonl"), body))
    assert ["prediction" in line for line in found] == [True, False, True, False]
    assert [line["prediction"]["label"] for line in found if "prediction" in line] == [
        "setosa",
        "versicolor",
    ]


def test_image_is_answered_as_over_http(cloud: LocalCloud) -> None:
    example = next(entry for entry in examples("digits") if entry["media_type"] == "image/png")
    image = base64.b64decode(example["body_base64"])
    found = answer(cloud, "digits", unique("digit.png"), image).json()
    headers = {"content-type": "image/png"}
    over_http = cloud.http("POST", "/v1/models/digits/predict", image, headers)
    assert found["predictions"] == over_http.json()["predictions"]
    assert found["source"]["bucket"] == cloud.uploads_bucket


def test_json_is_answered_as_over_http(cloud: LocalCloud) -> None:
    body = b'{"instances": [[5.1, 3.5, 1.4, 0.2]]}'
    found = answer(cloud, "iris", unique("flower.json"), body).json()
    assert found["predictions"][0]["label"] == "setosa"


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("broken.json", b"{not json", "bad_request"),
        ("wrong.json", b'{"instances": [[1, 2]]}', "unprocessable"),
        ("empty.json", b"", "bad_request"),
        ("unknown.xyz", b"what is this?", "unsupported_media_type"),
        ("no_image.png", b"\x89PNG\r\n\x1a\n no image", "unsupported_media_type"),
    ],
)
def test_bad_file_gives_a_failure_with_the_reason(
    cloud: LocalCloud, name: str, body: bytes, code: str
) -> None:
    key = unique(name)
    result = answer(cloud, "iris", key, body)
    assert result.key == keys.failure("iris", key)
    error = result.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert cloud.read_result(keys.result("iris", key)) is None


@pytest.mark.parametrize(
    "name",
    [
        "with space.csv",
        " leading and trailing .csv",
        "a+b.csv",
        "100%.csv",
        "%2F.csv",
        "a&b=c?d#e;f.csv",
        "füße/日本語/🌸.csv",
        "quote'\"s.csv",
        "..dots..csv",
        "UPPER.CSV",
    ],
)
def test_keys_may_hold_anything(cloud: LocalCloud, name: str) -> None:
    key = unique(name)
    result = answer(cloud, "iris", key, FLOWER)
    assert result.key == f"out/iris/{key}.json"
    assert lines(result)[0]["prediction"]["label"] == "setosa"


def test_keys_may_be_a_thousand_characters_long(cloud: LocalCloud) -> None:
    start = unique("")
    key = start + "x" * (1000 - len(start) - 4) + ".csv"
    assert len(key) == 1000
    assert lines(answer(cloud, "iris", key, FLOWER))[0]["prediction"]["label"] == "setosa"


def test_newest_version_has_the_last_word(cloud: LocalCloud) -> None:
    key = unique("changing.csv")
    cloud.upload("iris", key, b"not,a,flower,!\n")
    version = cloud.upload("iris", key, b"6.7,3.1,4.7,1.5\n")
    result = cloud.wait_for_result("iris", key, version)
    assert lines(result)[0]["prediction"]["label"] == "versicolor"


def test_corrected_file_replaces_the_failure(cloud: LocalCloud) -> None:
    key = unique("corrected.json")
    assert answer(cloud, "iris", key, b"{").key == keys.failure("iris", key)
    fixed = answer(cloud, "iris", key, b'{"instances": [[5.1, 3.5, 1.4, 0.2]]}')
    assert fixed.key == keys.result("iris", key)
    # The new answer is written first, the old one is removed then.
    until = time.monotonic() + 10
    while stored(cloud, keys.failure("iris", key)) and time.monotonic() < until:
        time.sleep(0.02)
    assert stored(cloud, keys.failure("iris", key)) == []


def test_event_that_comes_again_changes_nothing(cloud: LocalCloud) -> None:
    key = unique("again.json")
    before = answer(cloud, "iris", key, b'{"instances": [[5.1, 3.5, 1.4, 0.2]]}')
    event = _event(cloud, key, before.version)
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="flotilla-iris-uploads")["QueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    # One that is sent later is answered later, so by then the others have been.
    answer(cloud, "iris", unique("later.csv"), FLOWER)
    _until_empty(cloud, url)
    assert cloud.read_result(before.key) == before
    assert stored(cloud, f"out/iris/{key}") == [before.key]


def test_many_files_give_one_answer_each(cloud: LocalCloud) -> None:
    folder = uuid4().hex
    names = [f"{folder}/{number}.csv" for number in range(30)]
    with ThreadPoolExecutor(6) as pool:
        versions = list(pool.map(lambda name: cloud.upload("iris", name, FLOWER), names))
    for name, version in zip(names, versions, strict=True):
        cloud.wait_for_result("iris", name, version)
    expected = {keys.result("iris", name) for name in names}
    assert set(stored(cloud, f"out/iris/{folder}")) == expected
    assert stored(cloud, f"failed/iris/{folder}") == []


def test_results_trigger_nothing(cloud: LocalCloud) -> None:
    """Neither a result, nor a file that somebody puts where results lie."""
    key = unique("once.csv")
    first = answer(cloud, "iris", key, FLOWER)
    s3 = cloud.client("s3")
    for bucket in (cloud.results_bucket, cloud.uploads_bucket):
        s3.put_object(Bucket=bucket, Key=f"out/iris/{key}.csv", Body=FLOWER)
    s3.put_object(Bucket=cloud.results_bucket, Key=f"in/iris/{key}.csv", Body=FLOWER)
    answer(cloud, "iris", unique("later.csv"), FLOWER)
    with pytest.raises(CloudError):
        cloud.wait_for_result("iris", f"{key}.csv", first.version, timeout_s=0.5)
    found = sorted(name for name in stored(cloud, "") if key in name)
    assert found == sorted([first.key, f"out/iris/{key}.csv", f"in/iris/{key}.csv"])


def _event(cloud: LocalCloud, key: str, version: str) -> dict[str, Any]:
    """What EventBridge sends about an upload."""
    return {
        "detail-type": "Object Created",
        "source": "aws.s3",
        "detail": {
            "bucket": {"name": cloud.uploads_bucket},
            "object": {"key": f"{keys.upload_prefix('iris')}{key}", "version-id": version},
        },
    }


def _until_empty(cloud: LocalCloud, url: str) -> None:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    until = time.monotonic() + 20
    while time.monotonic() < until:
        counts = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        if not any(int(count) for count in counts["Attributes"].values()):
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} is not empty")
