"""A running stack, AWS's or the local cloud's: what it is called, where its things are."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from flotilla.client.clouds import LOCAL_CLOUD
from infra.local.clients import Clients
from infra.local.evaluate import STACK


class StackError(Exception):
    """There is no such stack, or it cannot be reached; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack's name, its outputs, and clients of the account that it is in."""

    name: str
    outputs: Mapping[str, str]
    client: Callable[[str], Any]

    def output(self, name: str) -> str:
        """One of its outputs.  Raises StackError."""
        if name not in self.outputs:
            raise StackError(
                f"stack {self.name} has outputs {sorted(self.outputs)}, expected {name} among "
                "them: deploy it once more"
            )
        return self.outputs[name]


def find_stack(root: Path, name: str | None, region: str | None = None) -> Stack:
    """The stack of this name in AWS, or without a name the local cloud.  Raises StackError."""
    return _local(root) if name is None else _deployed(name, region)


def _local(root: Path) -> Stack:
    try:
        running = json.loads((root / LOCAL_CLOUD).read_bytes())
    except FileNotFoundError:
        raise StackError(
            "no local cloud is up: start it with `flotilla up`, or name a stack in AWS by --stack"
        ) from None
    except ValueError:
        raise StackError(
            f"{root / LOCAL_CLOUD} is damaged: start the local cloud anew with `flotilla up`"
        ) from None
    clients = Clients(running["s3_endpoint"])
    endpoints = {"apigateway": running["apigateway_endpoint"]}
    outputs = {"KeysTable": running["keys_table"], "UsageTable": running["usage_table"]}
    return Stack(STACK, outputs, lambda service: clients(service, endpoints.get(service)))


def _deployed(name: str, region: str | None) -> Stack:
    client: Any = boto3.Session(region_name=region).client
    try:
        found = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"stack {name} cannot be described: {error}") from None
    outputs = {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])}
    return Stack(name, outputs, client)
