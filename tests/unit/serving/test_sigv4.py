"""Signatures are those of botocore, whoever asks for what."""

from datetime import datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from serving import sigv4
from serving.sigv4 import Credentials

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # the one of AWS's own examples


@pytest.mark.parametrize("token", ["", "IQoJb3JpZ2luX2VjEDoaCXVzLWVhc3QtMSJ/+=="])
@pytest.mark.parametrize("headers", [{}, {"range": "bytes=8388608-16777215"}])
@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("artifacts.s3.eu-west-1.amazonaws.com", "/artifacts/minilm/00ff/model.onnx"),
        ("127.0.0.1:5000", "/artifacts/a key/with+odd=signs~ü.json"),
    ],
)
def test_a_signature_is_botocores(
    host: str, path: str, headers: dict[str, str], token: str
) -> None:
    address = f"https://{host}{sigv4.encoded(path)}"
    request = AWSRequest("GET", address, headers={**headers, "Host": host})
    S3SigV4Auth(BotocoreCredentials("AKID", SECRET, token), "s3", "eu-west-1").add_auth(request)
    now = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    ours = sigv4.sign(host, path, headers, Credentials("AKID", SECRET, token), "eu-west-1", now)
    theirs = {name.lower(): value for name, value in request.headers.items()}
    assert ours == theirs


def test_a_secret_is_not_shown() -> None:
    assert SECRET not in repr(Credentials("AKID", SECRET, SECRET))
