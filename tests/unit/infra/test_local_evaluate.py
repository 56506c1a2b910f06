"""CloudFormation's functions, worked out as CloudFormation does."""

from typing import Any

import pytest

from infra.local.evaluate import EvaluationError, Evaluator

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Colour": {"Default": "green"}, "Size": {"Default": "3"}},
    "Conditions": {
        "IsGreen": {"Fn::Equals": [{"Ref": "Colour"}, "green"]},
        "IsRed": {"Fn::Equals": [{"Ref": "Colour"}, "red"]},
        "IsBoth": {"Fn::And": [{"Condition": "IsGreen"}, {"Condition": "IsRed"}]},
        "IsEither": {"Fn::Or": [{"Condition": "IsGreen"}, {"Condition": "IsRed"}]},
        "IsNotRed": {"Fn::Not": [{"Condition": "IsRed"}]},
    },
    "Resources": {
        "Plain": {"Type": "AWS::S3::Bucket"},
        "Named": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Colour"}}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "worker"}},
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"FunctionName": {"Ref": "Worker"}, "Name": "live"},
        },
        "First": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Worker"}},
        },
        "Layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": {}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "test"}},
        "Red": {"Type": "AWS::S3::Bucket", "Condition": "IsRed"},
    },
}
WORKER = "arn:aws:lambda:us-east-1:123456789012:function:worker"


@pytest.fixture
def evaluator() -> Evaluator:
    """An evaluator of that template."""
    return Evaluator(TEMPLATE, "http://127.0.0.1:1234")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "Colour"}, "green"),
        ({"Ref": "Plain"}, "flotilla-plain"),
        ({"Ref": "Named"}, "green"),
        ({"Ref": "Queue"}, "http://127.0.0.1:1234/123456789012/flotilla-Queue"),
        ({"Ref": "Worker"}, "worker"),
        ({"Ref": "Live"}, f"{WORKER}:live"),
        ({"Ref": "First"}, f"{WORKER}:1"),
        ({"Ref": "Stage"}, "test"),
        ({"Fn::GetAtt": ["Plain", "Arn"]}, "arn:aws:s3:::flotilla-plain"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:aws:sqs:us-east-1:123456789012:flotilla-Queue"),
        ({"Fn::GetAtt": ["Queue", "QueueName"]}, "flotilla-Queue"),
        ({"Fn::GetAtt": ["First", "Version"]}, "1"),
        ({"Fn::Sub": "${Colour}-${Worker.Arn}-${!Kept}"}, f"green-{WORKER}-${{Kept}}"),
        ({"Fn::Sub": ["${A}${B}", {"A": "a", "B": {"Ref": "Size"}}]}, "a3"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Size"}, {"Ref": "AWS::NoValue"}]]}, "a/3"),
        ({"Fn::Select": ["1", {"Fn::Split": [",", "a,b,c"]}]}, "b"),
        ({"Fn::If": ["IsGreen", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsBoth", "yes", "no"]}, "no"),
        ({"Fn::If": ["IsEither", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsNotRed", {"Ref": "Size"}, "no"]}, "3"),
        ({"kept": 1, "gone": {"Ref": "AWS::NoValue"}}, {"kept": 1}),
        ([{"Ref": "Size"}, {"deep": [{"Ref": "Colour"}]}], ["3", {"deep": ["green"]}]),
    ],
)
def test_expression_is_worked_out(evaluator: Evaluator, expression: Any, value: Any) -> None:
    assert evaluator.value(expression) == value


def test_resources_whose_condition_does_not_hold_are_left_out(evaluator: Evaluator) -> None:
    assert list(evaluator.of_type("AWS::S3::Bucket")) == ["Plain", "Named"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"Ref": "Nobody"}, "'Nobody' is neither a resource nor a parameter"),
        ({"Fn::GetAtt": ["Red", "Arn"]}, "'Red' is neither"),
        ({"Fn::Cidr": ["10.0.0.0/8", 1]}, "Fn::Cidr is not known, expected"),
    ],
)
def test_what_cannot_be_worked_out_is_told(
    evaluator: Evaluator, expression: Any, message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        evaluator.value(expression)
