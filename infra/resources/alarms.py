"""Alarms of one function; while one of them rings, a release goes back by itself."""

from typing import Any

from infra.resources.functions import ALIAS
from infra.resources.intrinsics import Block, Resources, attribute, ref

PERIOD_S = 60
P99_PERIODS = 3


def function_alarms(prefix: str, timeout_s: int) -> Resources:
    """Errors and a slow p99 behind the alias; slow is more than half of the timeout."""
    return {
        f"{prefix}ErrorsAlarm": _alarm(
            "an invocation crashed, timed out or ran out of memory",
            Metrics=[_measure("errors", _lambda_metric(prefix, "Errors"), "Sum")],
            Threshold=0,
            EvaluationPeriods=1,
        ),
        f"{prefix}LatencyAlarm": _alarm(
            "the slowest one in a hundred takes more than half of the timeout",
            Metrics=[_measure("p99", _lambda_metric(prefix, "Duration"), "p99")],
            Threshold=timeout_s * 1000 / 2,
            EvaluationPeriods=P99_PERIODS,
        ),
    }


def dead_letters_alarm(prefix: str) -> Resources:
    """Dead letters arrive; those that lie there already must not hold up the release that helps."""
    depth = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [
            {"Name": "QueueName", "Value": attribute(f"{prefix}DeadLetters", "QueueName")}
        ],
    }
    growth = {"Id": "growth", "Expression": "DIFF(depth)", "ReturnData": True}
    return {
        f"{prefix}DeadLettersAlarm": _alarm(
            "uploads end among the dead letters",
            Metrics=[growth, _measure("depth", depth, "Maximum", shown=False)],
            Threshold=0,
            EvaluationPeriods=1,
        )
    }


def release(preference: str, alarms: Resources) -> Block:
    """How traffic moves to a new version: in steps, and back when one of the alarms rings."""
    return {"Type": preference, "Alarms": [ref(alarm) for alarm in alarms]}


def _alarm(description: str, **properties: Any) -> Block:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **properties,
        },
    }


def _measure(identifier: str, metric: Block, statistic: str, *, shown: bool = True) -> Block:
    return {
        "Id": identifier,
        "MetricStat": {"Metric": metric, "Period": PERIOD_S, "Stat": statistic},
        "ReturnData": shown,
    }


def _lambda_metric(prefix: str, name: str) -> Block:
    function = f"{prefix}Function"
    return {
        "Namespace": "AWS/Lambda",
        "MetricName": name,
        "Dimensions": [
            {"Name": "FunctionName", "Value": ref(function)},
            {"Name": "Resource", "Value": {"Fn::Sub": f"${{{function}}}:{ALIAS}"}},
        ],
    }
