"""Doctor's conclusions: what of a graph hurts, what a million answers cost, what to choose."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from infra import cli
from infra.doctor import advice, anatomy, charts, costs, cpu_share, page, text
from infra.doctor.advice import Diagnosis
from infra.doctor.examination import Dose, Examination
from infra.doctor.subject import Subject
from serving import artifact
from serving.folder import ModelFolder
from serving.lock import Lock, Tuning
from serving.manifest import Variant
from serving.prices import Meter, Prices
from tests import artifacts
from tests.unit.training import crafted
from training.release.examples import Example
from training.release.graphs import GraphError

PHASES = {"runtime": 40.0, "fetch": 0.0, "imports": 50.0, "first run": 2.0}


def dose(memory_mb: int, p50_ms: float, peak_mb: float = 60.0, init_ms: float = 150.0) -> Dose:
    vcpus = cpu_share.vcpus(memory_mb)
    return Dose(memory_mb, vcpus, init_ms, PHASES, 300, p50_ms, 2 * p50_ms, 5.0, peak_mb, peak_mb)


def examined(*doses: Dose) -> Examination:
    return Examination(doses, {}, "stretched")


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    made = artifact.load(artifacts.classifier(tmp_path / "artifact"))
    return Subject(
        facts=ModelFolder(path=tmp_path / "tiny", description="x", task="tabular_classification"),
        lock=Lock(1, made.digest, 1, {}, Tuning(threads=6)),
        artifact=made,
        form=made,
        task_root=tmp_path,
        layers=(),
        layers_bytes=96_000_000,
        package_bytes=2_000_000,
        zip_bytes=1_500,
        question=Example("one", "/v1/models/tiny/predict", "application/json", b"{}", {}),
    )


def diagnosis(subject: Subject, *doses: Dose) -> Diagnosis:
    looked_at = anatomy.look(subject.artifact.graph())
    return advice.conclude(subject, looked_at, examined(*doses), Prices())


def severities(found: anatomy.Anatomy) -> list[str]:
    return [finding.severity for finding in found.findings]


def notes_of(model: ModelProto) -> list[str]:
    findings = anatomy.look(model.SerializeToString()).findings
    return [finding.text for finding in findings if finding.severity == "note"]


def test_a_sound_graph_has_nothing_to_hurt() -> None:
    found = anatomy.look(crafted.doubling().SerializeToString())
    assert set(severities(found)) == {"good"}
    assert found.free_dimensions == ("x[0]",)


def test_what_cannot_be_served_is_bad() -> None:
    custom = crafted.doubling()
    custom.graph.node[0].domain = "my.company"
    custom.opset_import.append(helper.make_opsetid("my.company", 1))
    bad = [
        one.text
        for one in anatomy.look(custom.SerializeToString()).findings
        if one.severity == "bad"
    ]
    assert any("my.company" in line for line in bad)
    with pytest.raises(GraphError):
        anatomy.look(b"no graph")


def test_what_grows_with_the_request_is_noted(tmp_path: Path) -> None:
    made = artifact.load(artifacts.brightness(tmp_path / "artifact"))
    notes = [one.text for one in anatomy.look(made.graph()).findings if one.severity == "note"]
    assert any("free in image" in note for note in notes)


@pytest.mark.parametrize(
    ("kind", "noted"), [(np.float32, "104 MB of weights in FP32"), (np.float16, ""), (np.int8, "")]
)
def test_only_large_weights_in_fp32_would_be_smaller_in_eight_bits(
    kind: type[np.generic], noted: str
) -> None:
    model = crafted.doubling()
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(26_000_000, kind), "w"))
    found = anatomy.look(model.SerializeToString())
    notes = " ".join(one.text for one in found.findings if one.severity == "note")
    assert noted in notes
    assert bool(noted) is bool(notes)


def test_what_takes_longer_for_some_values_is_noted() -> None:
    [note] = notes_of(crafted.endless())
    assert note == "Loop: how long it runs depends on what is in the input"


def test_resizing_a_picture_of_one_size_takes_the_same_time_always() -> None:
    scales = numpy_helper.from_array(np.array([1, 2], np.float32), "scales")
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"])
    shapes = [crafted.value("x", ["n", 3])], [crafted.value("y", ["n", 6])]
    assert notes_of(crafted.model([node], *shapes, [scales])) == []


def test_a_constant_of_an_unknown_type_has_no_size() -> None:
    model = crafted.doubling()
    model.graph.initializer.append(TensorProto(name="odd", dims=[4], data_type=99))
    assert anatomy.look(model.SerializeToString()).weights_bytes == 4


def test_a_million_answers_cost_what_the_price_list_says() -> None:
    [cost] = costs.of(examined(dose(1024, 10.0, init_ms=998.0)), Prices())
    seconds = 1e6 * (0.99 * 0.010 + 0.01 * 1.000)
    assert cost.x86_64 == pytest.approx(0.20 + seconds * 0.0000166667, abs=1e-4)
    assert cost.arm64 < cost.x86_64 < cost.x86_64_snapstart
    assert cost.x86_64_snapstart == pytest.approx(
        0.20 + 1e4 * 0.0000166667 + 0.0000015046 * 2_592_000 + 1e4 * 0.0001397998, abs=1e-4
    )
    answers = [Meter(1024, "x86_64").answer_usd(10, through) for through in (True, False)]
    assert cost.gateway == pytest.approx(1e6 * (answers[0] - answers[1]), abs=1e-4)


def test_a_server_is_cheaper_when_as_many_answers_cost_its_month() -> None:
    one = dose(1024, 10.0)
    [cost] = costs.of(examined(one), Prices())
    even = costs.break_even(one, cost, Prices())
    spent = even.requests_a_month / 1e6 * (cost.x86_64 + cost.gateway)
    assert spent == pytest.approx(even.instance_month_usd, rel=1e-4)
    assert even.instance_requests_a_second == 400  # two cores, 5 ms of processor each


def test_the_quickest_of_the_cheapest_is_chosen(subject: Subject) -> None:
    halving = [dose(512, 40.0), dose(1024, 20.0), dose(1769, 11.0), dose(3008, 11.0)]
    assert diagnosis(subject, *halving).memory_mb == 1769
    tiny = [dose(512, 0.5), dose(1769, 0.3)]
    assert diagnosis(subject, *tiny).memory_mb == 512
    assert diagnosis(subject, dose(512, 1.0, peak_mb=500.0), dose(1024, 1.0)).memory_mb == 1024


def test_starts_decide_between_answers_that_are_equally_quick(subject: Subject) -> None:
    equal = [dose(512, 0.050, init_ms=360.0), dose(1024, 0.051, init_ms=195.0)]
    assert diagnosis(subject, *equal).memory_mb == 1024


def test_a_size_that_starts_too_late_is_not_recommended(subject: Subject) -> None:
    late, quick = dose(512, 1.0, init_ms=11_000), dose(10240, 1.0, init_ms=9_000)
    assert diagnosis(subject, late, quick).memory_mb == 10_240
    assert diagnosis(subject, late).memory_mb == 512


def test_what_does_not_fit_is_bad(subject: Subject) -> None:
    heavy = replace(subject, package_bytes=200_000_000)
    slow = diagnosis(heavy, dose(512, 1.0, init_ms=11_000))
    bad = [finding.text for finding in slow.fit if finding.severity == "bad"]
    assert any("296 of 250 MB" in line for line in bad)
    assert any("11000 ms of the 10000" in line for line in bad)
    assert any(reason.startswith("SnapStart") for reason in slow.reasons)


def test_a_quicker_variant_is_recommended(subject: Subject) -> None:
    variants = {
        "fp32": Variant("model.onnx", {"accuracy": 0.9}, 0.4),
        "int8": Variant("model.int8.onnx", {"accuracy": 0.89}, 0.1),
    }
    several = replace(
        subject.artifact, manifest=replace(subject.artifact.manifest, variants=variants)
    )
    found = diagnosis(replace(subject, artifact=several), dose(512, 1.0))
    assert found.best_variant == "int8"
    assert "variant int8: 0.1 ms instead of 0.4 (accuracy 0.89)" in found.reasons


def test_threads_are_no_more_than_vcpus_and_than_helped(subject: Subject) -> None:
    large = diagnosis(subject, dose(10240, 1.0))
    assert large.threads == 6
    single = replace(subject, lock=replace(subject.lock, tuning=Tuning(threads=1)))
    assert diagnosis(single, dose(10240, 1.0)).threads == 1


def test_the_page_has_every_chart_and_stands_alone(subject: Subject) -> None:
    found = diagnosis(subject, dose(512, 4.0), dose(1024, 2.0), dose(1769, 1.0))
    shown = page.render(found)
    assert shown.count("<svg") == 4
    assert shown.count(f"<tr class=chosen><td>{found.memory_mb}</td>") == 2
    assert "http" not in shown
    assert "<script" not in shown
    for drawing in shown.split("<svg")[1:]:
        ElementTree.fromstring(f"<svg{drawing.partition('</svg>')[0]}</svg>")  # noqa: S314 - ours


def test_the_text_names_what_to_choose(
    subject: Subject, capsys: pytest.CaptureFixture[str]
) -> None:
    text.show(diagnosis(subject, dose(512, 4.0), dose(1024, 2.0)))
    shown = capsys.readouterr().out
    assert re.search(r"1024 \* +0.57\d+ +150 +2.0 +300 +2.00 +4.00 +5.00 +60 ", shown)
    assert "variant fp32: there is no other" in shown
    assert "a server that is always on ($64.26 a month)" in shown
    assert "1% of requests are reckoned to start a sandbox" in shown


def test_points_of_a_chart_are_in_order_and_inside() -> None:
    drawn = charts.lines({"a": [(512, 10.0), (1024, 5.0), (10240, 1.0)]}, "MB", "ms")
    points = drawn.partition('points="')[2].partition('"')[0].split()
    places = [tuple(map(float, point.split(","))) for point in points]
    assert all(0 < x < charts.WIDTH and 0 < y < charts.HEIGHT for x, y in places)
    assert all(left[0] < right[0] and left[1] < right[1] for left, right in pairwise(places))


def test_a_line_that_another_covers_shows_through() -> None:
    same = [(512, 10.0), (1024, 5.0)]
    below, above = charts.lines({"a": same, "b": same}, "MB", "ms").split("<polyline")[1:]
    assert "stroke-dasharray" not in below
    assert "stroke-dasharray" in above


def test_a_share_without_a_cgroup_stretches_times() -> None:
    share = cpu_share.Share("stretched")
    assert share.stretched(10.0, 1769) == 10.0
    assert share.stretched(10.0, 512) == pytest.approx(34.55, abs=0.01)
    assert cpu_share.vcpus(10240) == pytest.approx(5.79, abs=0.01)


@pytest.mark.parametrize(
    ("by", "quota"),
    [
        ("cgroup v2", {"cpu.max": "40000 20000"}),
        ("cgroup v1", {"cpu.cfs_quota_us": "40000", "cpu.cfs_period_us": "20000"}),
    ],
)
def test_a_cgroup_is_told_the_quota_and_the_process(
    by: str, quota: dict[str, str], tmp_path: Path
) -> None:
    share = cpu_share.Share(by, tmp_path)
    share.take(42, 3538)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {**quota, "cgroup.procs": "42"}
    assert share.stretched(10.0, 512) == 10.0


def test_a_folder_that_became_no_cgroup_is_gone_and_times_are_stretched(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    with cpu_share.limited(tmp_path) as share:
        assert share.by == "stretched"
    with cpu_share.limited(tmp_path / "none") as share:
        assert share.by == "stretched"
    assert list(tmp_path.rglob("*")) == [tmp_path / "cpu"]


def test_a_file_that_cannot_be_served_is_told_of_at_once(tmp_path: Path) -> None:
    custom = crafted.doubling()
    custom.graph.node[0].domain = "my.company"
    (tmp_path / "custom.onnx").write_bytes(custom.SerializeToString())
    run = CliRunner().invoke(cli.app, ["doctor", str(tmp_path / "custom.onnx"), "--json"])
    assert run.exit_code == 1
    findings = json.loads(run.stdout)["anatomy"]["findings"]
    assert any("my.company" in each["text"] for each in findings if each["severity"] == "bad")
    missing = CliRunner().invoke(cli.app, ["doctor", str(tmp_path / "none.onnx")])
    assert missing.exit_code == 1
    assert "there is no such file" in " ".join(missing.output.split())


def test_a_file_that_is_no_graph_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    run = CliRunner().invoke(cli.app, ["doctor", str(tmp_path / "empty.onnx")])
    assert run.exit_code == 1
    assert "empty.onnx cannot be served: not an ONNX model" in " ".join(run.output.split())


@pytest.mark.parametrize("subject", ["rows.csv", "/", "./iris"])
def test_what_is_neither_a_model_nor_a_graph_is_refused(subject: str) -> None:
    run = CliRunner().invoke(cli.app, ["doctor", subject])
    assert run.exit_code == 2
    assert "expected a model's name, or a file" in " ".join(run.output.replace("│", "").split())


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_packed(tmp_path: Path) -> None:
    for path, reason in {"none/report.html": "there is no folder", "": "is a directory"}.items():
        run = CliRunner().invoke(cli.app, ["doctor", "iris", "--html", str(tmp_path / path)])
        assert run.exit_code == 2
        assert reason in " ".join(run.output.replace("│", "").split())
