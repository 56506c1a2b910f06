"""A function: its versions, its aliases and the weights between them, its limit of concurrency."""

import asyncio
import os
import random
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.local.code import Code, Host
from infra.local.invocation import Call, Outcome, Throttled
from infra.local.pool import Pool

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a version, and the share of requests that go to others: `{"2": 0.1}`."""

    name: str
    version: str
    weights: dict[str, float] = field(default_factory=dict)
    description: str = ""

    def choose(self, chance: float) -> str:
        """The version that gets a request; `chance` is evenly spread over [0, 1)."""
        for version, weight in self.weights.items():
            if chance < weight:
                return version
            chance -= weight
        return self.version


class UnknownQualifier(Exception):
    """The function has no such version or alias."""


class Function:
    """One deployed function; every door comes in through `invoke`."""

    def __init__(self, code: Code, host: Host, concurrency: int, seed: int | None = None) -> None:
        self.concurrency = concurrency
        self.aliases: dict[str, Alias] = {}
        self._host = host
        self._in_flight = 0
        self._chances = random.Random(seed)  # noqa: S311 - shares traffic, guards nothing
        self.log = host.logs / f"{code.name}.log"
        self._log = _open_log(self.log)
        self._pools = {LATEST: Pool(replace(code, version=LATEST), host, self._log)}

    @property
    def latest(self) -> Code:
        """What `publish` would publish."""
        return self._pools[LATEST].code

    @property
    def versions(self) -> dict[str, Code]:
        """Every version's code, `$LATEST` first."""
        return {version: pool.code for version, pool in self._pools.items()}

    @property
    def sandboxes(self) -> int:
        """How many processes serve this function right now."""
        return sum(pool.size for pool in self._pools.values())

    async def update(self, code: Code) -> None:
        """Replace `$LATEST`; published versions stay as they are."""
        old = self._pools[LATEST]
        self._pools[LATEST] = Pool(replace(code, version=LATEST), self._host, self._log)
        await old.close()

    def publish(self) -> Code:
        """Freeze `$LATEST` as the next version; the same code again is the same version."""
        number = len(self._pools) - 1
        if number and replace(self._pools[str(number)].code, version=LATEST) == self.latest:
            return self._pools[str(number)].code
        code = replace(self.latest, version=str(number + 1))
        self._pools[code.version] = Pool(code, self._host, self._log)
        return code

    def resolve(self, qualifier: str) -> str:
        """The version that a request to this version or alias goes to.  Raises UnknownQualifier."""
        alias = self.aliases.get(qualifier)
        version = alias.choose(self._chances.random()) if alias else qualifier
        if version not in self._pools:
            raise UnknownQualifier(
                f"function {self.latest.name} has no version or alias {version!r},"
                f" expected one of {[*self._pools, *self.aliases]}"
            )
        return version

    async def invoke(self, call: Call, qualifier: str = LATEST) -> Outcome:
        """Answer one request.  Raises Throttled beyond the concurrency, UnknownQualifier."""
        version = self.resolve(qualifier)
        if self._in_flight >= self.concurrency:
            raise Throttled(f"{self.latest.name} has {self._in_flight} requests in hand")
        self._in_flight += 1
        try:
            arn = f"{self.latest.arn}:{qualifier}".removesuffix(f":{LATEST}")
            outcome = await self._pools[version].invoke(replace(call, arn=arn))
        finally:
            self._in_flight -= 1
        return replace(outcome, version=version)

    async def retire(self, idle_s: float) -> None:
        """Stop sandboxes that had nothing to do for `idle_s`."""
        await asyncio.gather(*(pool.retire(idle_s) for pool in self._pools.values()))

    async def close(self) -> None:
        """Stop everything, and take nothing more."""
        self.concurrency = 0
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        os.close(self._log)


def _open_log(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return os.open(path, flags, 0o644)
