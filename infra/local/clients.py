"""boto3 clients of the local cloud."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from infra.local.code import REGION

# What moto and the sandboxes are told; nothing checks it.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
_CONFIG = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)


class Clients:
    """`clients("s3")` is a client for moto; the one for Lambda talks to the gateway."""

    def __init__(self, endpoint: str) -> None:
        session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        self._client = cache(
            lambda service, url: session.client(service, endpoint_url=url, config=_CONFIG)
        )
        self._endpoint = endpoint

    def __call__(self, service: str, endpoint: str | None = None) -> Any:
        """The client of a service, made when it is first asked for."""
        return self._client(service, endpoint or self._endpoint)
