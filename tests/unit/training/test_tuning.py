"""Which form and which settings serve best follows from what was measured."""

from pathlib import Path

import pytest

from serving import artifact
from serving.lock import Tuning
from tests.unit.training import crafted
from training.release import tuning

EVEN = {
    "plain_create": 5.0,
    "mapped_create": 5.0,
    "unpacked_create": 5.0,
    "run": 1.0,
    "unpacked_run": 1.0,
    "two_threads_run": 1.0,
}
MB = 1_000_000


@pytest.mark.parametrize(
    ("found", "size_bytes", "expected"),
    [
        ({}, 0, Tuning(mapped=False)),
        ({"plain_create": 7.1}, 0, Tuning(mapped=True)),
        ({}, MB, Tuning(mapped=True)),
        ({"mapped_create": 7.5, "unpacked_create": 7.5}, MB, Tuning(mapped=False)),
        ({"unpacked_create": 2.0}, 0, Tuning(prepacking=False)),
        ({"unpacked_create": 2.0, "unpacked_run": 1.5}, 0, Tuning()),
        ({"two_threads_run": 0.7}, 0, Tuning(threads=6)),
    ],
    ids=["even", "quicker", "large", "slower", "unpacked", "slow unpacked", "threads"],
)
def test_a_tuning_is_what_the_milliseconds_speak_for(
    found: dict[str, float], size_bytes: int, expected: Tuning
) -> None:
    assert tuning.choose(EVEN | found, size_bytes) == expected


def test_a_small_graph_is_served_as_it_is(tmp_path: Path) -> None:
    small = artifact.load(crafted.write_artifact(tmp_path / "artifact"))
    assert tuning.measure(small, tmp_path) == Tuning()


def test_every_way_is_measured_on_the_first_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, float]] = []

    def choose(found: dict[str, float], _: int) -> Tuning:
        seen.append(found)
        return Tuning()

    monkeypatch.setattr(tuning, "SMALL_BYTES", 0)
    monkeypatch.setattr(tuning, "choose", choose)
    source = artifact.load(crafted.write_artifact(tmp_path / "artifact"))
    tuning.measure(source, tmp_path)
    assert seen[0].keys() == EVEN.keys()
    assert min(seen[0].values()) > 0
