"""Signatures are those of botocore, whoever asks for what."""

from datetime import datetime
from hashlib import sha256

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from serving import sigv4
from serving.sigv4 import Credentials, Question

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


def test_a_signature_of_another_service_is_botocores() -> None:
    host, path = "lambda.eu-west-1.amazonaws.com", "/2015-03-31/functions/a-b_c/invocations"
    question = Question("POST", "lambda", "Qualifier=live", b'{"a": 1}')
    headers = {"content-type": "application/json"}
    stated = {**headers, "Host": host, "X-Amz-Content-SHA256": sha256(question.body).hexdigest()}
    address = f"https://{host}{path}?{question.query}"
    request = AWSRequest("POST", address, headers=stated, data=question.body)
    SigV4Auth(BotocoreCredentials("AKID", SECRET), "lambda", "eu-west-1").add_auth(request)
    now = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    asked = Credentials("AKID", SECRET)
    ours = sigv4.sign(host, path, headers, asked, "eu-west-1", now, question)
    theirs = {name.lower(): value for name, value in request.headers.items()}
    assert ours == theirs


def test_a_secret_is_not_shown() -> None:
    assert SECRET not in repr(Credentials("AKID", SECRET, SECRET))
