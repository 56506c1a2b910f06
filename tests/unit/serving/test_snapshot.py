"""SnapStart's hooks: warm before the snapshot, renewed after a restore."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
import snapshot_restore_py

from serving import snapshot
from serving.errors import Unprocessable
from serving.routes import Router
from serving.service import Service
from serving.types import Json
from tests import artifacts

PREDICT = {"operation": "predict", "media_type": "application/json"}
ROW = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}


def examples(*entries: Json) -> bytes:
    return json.dumps({"examples": entries}).encode()


@pytest.fixture
def router(tmp_path: Path) -> Router:
    return Router(Service.load(artifacts.classifier(tmp_path / "artifact")))


def test_the_hooks_are_where_the_runtime_client_looks(
    router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    for registry in ("_before_snapshot_registry", "_after_restore_registry"):
        monkeypatch.setattr(snapshot_restore_py, registry, [])
    renewed: list[int] = []
    snapshot.register(router, examples(), renew=lambda: renewed.append(1))
    for hooks in (
        snapshot_restore_py.get_before_snapshot(),
        snapshot_restore_py.get_after_restore(),
    ):
        [(hook, args, kwargs)] = hooks
        hook(*args, **kwargs)
    assert renewed == [1]


def test_every_kind_of_example_is_answered(router: Router, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    infer = Service.infer
    monkeypatch.setattr(
        Service, "infer", lambda self, *args: asked.append("run") or infer(self, *args)
    )
    snapshot.warm(
        router,
        examples(
            {**PREDICT, "body": {"instances": [[1, 2, 3]]}},
            {**PREDICT, "media_type": "text/csv", "body": "1,2,3"},
            {
                "operation": "predict",
                "media_type": "text/csv",
                "body_base64": b64encode(b"1,2,3").decode(),
            },
            {**PREDICT, "operation": "infer", "body": {"inputs": [ROW]}},
        ),
    )
    assert asked == ["run"] * 4


def test_an_example_that_cannot_be_answered_fails_the_snapshot(router: Router) -> None:
    with pytest.raises(Unprocessable):
        snapshot.warm(router, examples({**PREDICT, "body": {"instances": [[1]]}}))
