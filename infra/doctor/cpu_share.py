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
def limited() -> Iterator[Share]:
    """The best imitation that this machine allows; its cgroup is gone afterwards."""
    for by, parent in (("cgroup v2", _CONTROL), ("cgroup v1", _CONTROL / "cpu")):
        marker = "cgroup.subtree_control" if by == "cgroup v2" else "cpu.cfs_quota_us"
        group = parent / f"flotilla-doctor-{os.getpid()}"
        if not (parent / marker).exists() and not (parent / "cpu.shares").exists():
            continue
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / ("cpu.max" if by == "cgroup v2" else "cpu.cfs_quota_us")).exists():
            try:
                yield Share(by, group)
            finally:
                _remove(group)
            return
        _remove(group)
    yield Share("stretched")


def _remove(group: Path) -> None:
    for _ in range(20):  # a process that was just killed may still be counted
        with suppress(OSError):
            group.rmdir()
            return
        sleep(0.05)
