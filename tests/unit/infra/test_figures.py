"""What the README says of a recorded bench."""

import json
from pathlib import Path

import pytest

from infra import figures
from tests.unit.infra.test_contents import add_model


@pytest.mark.parametrize(
    ("cpu_ms", "memory_mb", "billed"),
    [(0.3, 512, 2), (0.2, 512, 1), (2.0, 1769, 2), (2.1, 4096, 3)],
)
def test_a_share_of_a_vcpu_takes_longer_and_is_billed_by_started_milliseconds(
    cpu_ms: float, memory_mb: int, billed: int
) -> None:
    assert figures.billed_ms(cpu_ms, memory_mb) == billed


def test_tables_have_a_row_for_each_contestant_and_each_measured_model(tmp_path: Path) -> None:
    add_model(tmp_path)
    record = {
        "titles": {"ours": "Ours", "samples": "Theirs"},
        "races": {
            "sorter": {
                "ours": {"first_answer_ms": 100.4, "resident_mb": 50.0},
                "samples": {"first_answer_ms": 400.0, "resident_mb": 80.0},
            }
        },
        "models": {"sorter": 0.2, "gone": 1.0},
    }
    (tmp_path / "tests" / "bench").mkdir(parents=True)
    (tmp_path / figures.RECORD).write_text(json.dumps(record))
    starts = figures.starts(tmp_path)
    assert "| Ours | 100 | 0.25 | 50 |\n| Theirs | 400 | 1.00 | 80 |\n" in starts
    [row] = figures.costs(tmp_path).splitlines()[2:]
    assert row.startswith("| sorter | 512 | 0.20 | 1 | $0.21 | $3.9")
