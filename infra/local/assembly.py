"""From the template to the parts of a cloud that is about to run.

Importing this costs half a second, for boto3 and aiohttp; `cloud` does it while moto starts.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from infra.local import runtime
from infra.local.api import Api, read_api
from infra.local.clients import CREDENTIALS, Clients
from infra.local.code import Host
from infra.local.deployment import deploy
from infra.local.evaluate import STACK, Evaluator
from infra.local.function import Function
from infra.local.log_delivery import Subscription, read_subscriptions
from infra.local.poller import Source, read_sources
from infra.local.provision import provision
from infra.local.stack import running
from infra.local.translation import translate
from infra.resources.blocks import Block


@dataclass(frozen=True, slots=True)
class Assembly:
    """Everything that the template asks for, made; nothing of it runs yet but moto."""

    evaluator: Evaluator
    endpoint: str
    clients: Clients
    functions: dict[str, Function]
    api: Api
    sources: list[Source]
    subscriptions: list[Subscription]
    uploads: Path

    @property
    def api_key(self) -> str:
        """The value of the template's first key, or nothing if it has none."""
        return next((key.value for key in self.api.keys), "")

    def named(self, logical_id: str) -> str:
        """The name of a bucket or table, or nothing if the template has no such thing."""
        known = logical_id in self.evaluator.resources
        return self.evaluator.name(logical_id) if known else ""

    def function_name(self, name: str) -> str:
        """A function's full name; the stack's part of it may be left out."""
        return name if name in self.functions else f"{STACK}-{name}"

    def serve(
        self, listener: socket, idle_s: float, report: Callable[[str], None]
    ) -> AbstractAsyncContextManager[None]:
        """Run it, for as long as the context lasts; `listener` is the gateway's open port."""
        return running(
            self.api,
            self.functions,
            self.sources,
            self.subscriptions,
            listener=listener,
            uploads=self.uploads,
            idle_s=idle_s,
            report=report,
        )


def assemble(
    template: Block,
    build: Path,
    endpoint: str,
    url: str,
    scratch: Path,
    logs: Path,
    confinement: str,
) -> Assembly:
    """Work out the template, fill moto, and get the functions ready to start.

    `endpoint` is moto's, `url` the gateway's, where Lambda's own API is as well.
    """
    evaluator = Evaluator(translate(template, build), endpoint)
    site_packages = runtime.link(scratch / "runtime")
    host = Host(
        runtime=scratch / "runtime",
        visible=(site_packages,),
        scratch=scratch,
        logs=logs,
        environment={
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ENDPOINT_URL_LAMBDA": url,
        },
        confinement=confinement,
    )
    functions = deploy(evaluator, build, host)
    clients = Clients(endpoint)
    provision(evaluator, clients)
    return Assembly(
        evaluator=evaluator,
        endpoint=endpoint,
        clients=clients,
        functions=functions,
        api=read_api(evaluator),
        sources=read_sources(evaluator),
        subscriptions=read_subscriptions(evaluator),
        uploads=scratch / "code",
    )
