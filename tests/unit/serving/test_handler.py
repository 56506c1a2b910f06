"""The wiring: doors, the one error path, and the line that each request leaves."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serving.handler import Handler
from serving.hooks import Hooks
from serving.routes import Router
from serving.types import Json, JsonObject, Tensors
from tests import artifacts
from tests.unit.serving.conftest import Context, Model, handler_of, proxy_event

PREDICT = "/v1/models/tiny/predict"


def lines(capsys: pytest.CaptureFixture[str]) -> list[JsonObject]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_invoke_gets_the_prediction_that_http_gets(classifier: Model) -> None:
    body = {"instances": [[1, 2, 3]]}
    invoked = classifier.handler(body, Context())
    assert invoked["predictions"] == classifier.predict(body).document["predictions"]


def test_an_invoke_of_tensors_speaks_open_inference(classifier: Model) -> None:
    tensor = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}
    assert classifier.handler({"inputs": [tensor]}, Context())["outputs"][0]["shape"] == [1, 2]


def test_an_invoke_is_as_large_as_it_came(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.sentiment, limits={"body_bytes": 4000})
    letter = "\N{CJK UNIFIED IDEOGRAPH-6A21}"  # 3 bytes, and 6 escaped
    assert "predictions" in model.handler({"instances": [letter * 1000]}, Context())
    refused = model.handler({"instances": [letter * 1330]}, Context())
    assert refused["error"]["message"] == "the body has 4009 bytes, expected at most 4000"


@pytest.mark.parametrize("number", ["NaN", "1e999", '"\\ud800"'])
def test_an_invoke_is_json_as_the_standard_has_it(classifier: Model, number: str) -> None:
    event = json.loads(f'{{"instances": [[1, 2, {number}]]}}')
    assert classifier.handler(event, Context())["error"]["code"] == "bad_request"


@pytest.mark.parametrize(
    "event", [None, 1, [], "x", {}, {"Records": []}, {"Records": [1]}, {"instances": 1}]
)
def test_an_invoke_of_nonsense_gets_the_envelope(classifier: Model, event: Json) -> None:
    assert classifier.handler(event, Context())["error"]["code"] == "unprocessable"


def with_hooks(handler: Handler, hooks: Hooks) -> Handler:
    return replace(handler, router=Router(replace(handler.router.service, hooks=hooks)))


def test_a_page_elsewhere_may_ask(classifier: Model, context: Context) -> None:
    reply = classifier.handler(proxy_event(PREDICT, method="OPTIONS"), context)
    assert (reply["statusCode"], reply["body"]) == (204, "")
    allowed = reply["headers"]
    assert allowed["Access-Control-Allow-Origin"] == "*"
    names = allowed["Access-Control-Allow-Headers"].split(",")
    assert {"authorization", "content-type", "x-api-key"} <= set(names)
    for body in ({"instances": [[1, 2, 3]]}, {}):
        assert classifier.predict(body).headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("prefer", ["respond-async", "wait=5, Respond-Async; x=1"])
def test_a_prediction_may_become_a_job(tmp_path: Path, context: Context, prefer: str) -> None:
    handed: list[JsonObject] = []
    reply = {"statusCode": 202, "headers": {}, "body": "{}", "isBase64Encoded": False}
    folder = artifacts.classifier(tmp_path / "artifact")
    handler = handler_of(folder, hand_over=lambda event: handed.append(event) or reply)
    event = proxy_event(PREDICT, {"instances": [[1, 2, 3]]}, headers={"Prefer": prefer})
    assert handler(event, context) is reply
    assert handed == [event]


@pytest.mark.parametrize(
    ("path", "prefer"),
    [(PREDICT, "wait=10"), (PREDICT, "respond-asynchronously"), ("/nowhere", "respond-async")],
)
def test_anything_else_is_answered_here(classifier: Model, path: str, prefer: str) -> None:
    body = {"instances": [[1, 2, 3]]}
    assert classifier.http(path, body, headers={"Prefer": prefer}).status != 202


def test_a_job_that_cannot_be_made_is_a_bug_of_ours(tmp_path: Path, context: Context) -> None:
    folder = artifacts.classifier(tmp_path / "artifact")
    event = proxy_event(PREDICT, {"instances": []}, headers={"prefer": "respond-async"})
    reply = handler_of(folder)(event, context)
    assert reply["statusCode"] == 500
    assert "no job was expected" not in reply["body"]


def broken(handler: Handler) -> Handler:
    """The handler with a bug in its model's own code."""

    def bug(_: Tensors) -> Tensors:
        raise ZeroDivisionError("secret detail")

    return with_hooks(handler, Hooks(postprocess=bug))


def test_a_bug_is_a_500_that_tells_its_id_only(
    classifier: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    event = proxy_event(PREDICT, {"instances": [[1, 2, 3]]})
    reply = broken(classifier.handler)(event, Context())
    assert reply["statusCode"] == 500
    assert json.loads(reply["body"])["error"] == {
        "code": "internal",
        "message": "internal error, please report id request-1",
        "id": "request-1",
    }
    fault, request = lines(capsys)
    assert fault["level"] == "ERROR"
    assert fault["exception_name"] == "ZeroDivisionError"
    assert "secret detail" in fault["exception"]
    assert (request["status"], request["Faults"]) == (500, 1)


def test_each_request_leaves_one_line_with_its_metrics(
    classifier: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier.predict({"instances": [[1, 2, 3]]})
    classifier.predict({"instances": []})
    first, second = lines(capsys)
    assert first["function_request_id"] == "request-1"
    assert first["xray_trace_id"] == "1-abc"
    assert (first["door"], first["route"], first["status"]) == ("http", PREDICT, 200)
    assert (first["ColdStart"], second["ColdStart"]) == (1, 0)
    assert (first["Errors"], second["Errors"], second["Faults"]) == (0, 1, 0)
    [directive] = first["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Flotilla"
    for dimensions in directive["Dimensions"]:
        assert all(isinstance(first[name], str) for name in dimensions)
    assert all(isinstance(first[metric["Name"]], int | float) for metric in directive["Metrics"])


def test_the_line_names_the_caller_if_there_is_one(
    classifier: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    event = proxy_event(PREDICT, {"instances": [[1, 2, 3]]})
    authorized = {"requestContext": {"authorizer": {"caller": "key_abc", "plan": "free"}}}
    classifier.handler(event | authorized, Context())
    classifier.handler(event | {"requestContext": {}}, Context())
    known, unknown = lines(capsys)
    assert known["caller"] == "key_abc"
    assert "caller" not in unknown


def test_the_lines_have_the_fields_of_powertools(
    classifier: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever queries the logs of service functions finds the models' lines by the same names."""
    from aws_lambda_powertools import Logger

    logger = Logger(service="tiny")
    logger.inject_lambda_context(lambda event, context: logger.info("hello"))({}, Context())
    theirs = json.loads(capsys.readouterr().out)
    classifier.predict({"instances": [[1, 2, 3]]})
    [ours] = lines(capsys)
    assert theirs.keys() - ours.keys() <= {"location"}
    assert len(theirs["timestamp"]) == len(ours["timestamp"])


def test_hooks_run_before_and_after_the_graph(tmp_path: Path) -> None:
    handler = handler_of(artifacts.classifier(tmp_path / "artifact"))
    hooks = Hooks(
        preprocess=lambda inputs: {"features": -inputs["features"]},
        postprocess=lambda outputs: {"probabilities": outputs["probabilities"][:, ::-1]},
    )
    turned = with_hooks(handler, hooks)
    plain = handler({"instances": [[1, 2, 3]]}, Context())["predictions"][0]
    twice = turned({"instances": [[1, 2, 3]]}, Context())["predictions"][0]
    assert twice["score"] == pytest.approx(plain["score"], abs=1e-6)


def test_tracing_waits_for_the_second_request(
    serve: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.tracing import TracedRouter

    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    handler = serve(artifacts.classifier).handler
    router = TracedRouter(handler.router.service)
    model = Model(replace(handler, router=router))
    assert model.predict({"instances": [[1, 2, 3]]}).status == 200
    assert router._tracer is None
    assert model.predict({"instances": [[1, 2, 3]]}).status == 200
    assert router._tracer is not None
    assert model.predict({"instances": []}).status == 422
