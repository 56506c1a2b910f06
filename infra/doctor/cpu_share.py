"""A share of the processor, as Lambda gives it with memory: by cgroup where that is allowed.

Where it is not, times are stretched by what the function would have had to wait.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from serving.session import MB_PER_VCPU

_CONTROL = Path("/sys/fs/cgroup")
# By which cgroup, below which folder it is made, and the file that then holds its quota.
_KINDS = (("cgroup v2", "", "cpu.max"), ("cgroup v1", "cpu", "cpu.cfs_quota_us"))
_PERIOD_US = 20_000
_MOST_VCPUS = 6.0


@dataclass(frozen=True, slots=True)
class Share:
    """What imitates the share: `cgroup v2`, `cgroup v1`, or `stretched` times."""

    by: str
    _group: Path | None = None

    def take(self, pid: int, memory_mb: int) -> None:
        """Give a process the share of this memory, from now on."""
        if self._group is None:
            return
        quota_us = int(vcpus(memory_mb) * _PERIOD_US)
        if self.by == "cgroup v2":
            (self._group / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
        else:
            (self._group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (self._group / "cpu.cfs_quota_us").write_text(str(quota_us))
        (self._group / "cgroup.procs").write_text(str(pid))

    def stretched(self, wall_ms: float, memory_mb: int) -> float:
        """A time as it would be under the share; as it is where a cgroup saw to that."""
        return wall_ms if self._group is not None else wall_ms / min(1.0, vcpus(memory_mb))


def vcpus(memory_mb: int) -> float:
    """How many vCPUs Lambda gives a function of this memory."""
    return min(memory_mb / MB_PER_VCPU, _MOST_VCPUS)


@contextmanager
def limited(control: Path = _CONTROL) -> Iterator[Share]:
    """The best imitation that this machine allows; its cgroup is gone afterwards.

    A folder made where no cgroup may be has no quota in it, nor has one in v2 that was not given
    the processor.
    """
    for by, below, quota in _KINDS:
        group = control / below / f"flotilla-doctor-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / quota).exists():
                yield Share(by, group)
                return
        finally:
            _remove(group)
    yield Share("stretched")


def _remove(group: Path) -> None:
    for _ in range(20):  # a process that was just killed may still be counted
        with suppress(OSError):
            group.rmdir()
            return
        sleep(0.05)
