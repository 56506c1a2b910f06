"""The pins for any machine and those for CUDA go into files of their own."""

from pathlib import Path

import pytest

from infra import lock
from infra.lock import LockError

PINS = """\
numpy==2.4.6 \\
    --hash=sha256:aa
nvidia-cublas==13.1 ; sys_platform == 'linux' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
torch==2.13.0 \\
    --hash=sha256:dd
triton==3.7.1 \\
    --hash=sha256:ee
"""


def test_cuda_is_cut_out_and_torchs_cpu_wheel_let_in() -> None:
    plain, cuda = lock.split(PINS)
    assert plain == (
        "numpy==2.4.6 \\\n    --hash=sha256:aa\n"
        f"torch==2.13.0 \\\n    --hash=sha256:dd \\\n    --hash={lock._CPU_WHEEL}\n"
    )
    assert [line.split("==")[0] for line in cuda.splitlines() if "==" in line[:20]] == [
        "nvidia-cublas",
        "triton",
    ]
    assert lock.split(plain) == (plain, "")


def test_another_torch_needs_another_wheel() -> None:
    with pytest.raises(LockError, match=r"torch==2.14.0 is pinned, expected torch==2.13.0"):
        lock.split(PINS.replace("torch==2.13.0", "torch==2.14.0"))


def test_every_pinned_file_is_hashed_and_names_no_index() -> None:
    for name in (lock.SERVE, lock.LOCAL, lock.DEV, lock.TRAIN, lock.CUDA):
        text = (Path(lock.ROOT) / name).read_text()
        pins = [line for line in text.splitlines() if line[:1].isalnum()]
        assert pins
        assert all("==" in line and line.endswith("\\") for line in pins)
        assert "://" not in text
        assert "--index" not in text
