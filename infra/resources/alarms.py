"""Alarms of one function; while one of them rings, a release goes back by itself.

They tell nobody yet: their changes of state are on the account's event bus, for whoever subscribes.
"""

from typing import Any

from infra.resources.blocks import Block, Resources, attribute, ref, sub
from infra.resources.functions import ALIAS, NAMESPACE

PERIOD_S = 60
# A p99 of a minute with few requests is the slowest of them, so it must last.
LATENCY_PERIODS = 3


def errors_alarm(prefix: str, service: str) -> Resources:
    """Any request that ended in a crash, a timeout or a status of 500 and more.

    Lambda counts the first two, the engine's own metric `Faults` the last.
    """
    faults = {
        "Namespace": NAMESPACE,
        "MetricName": "Faults",
        "Dimensions": [{"Name": "service", "Value": service}],
    }
    return {
        f"{prefix}ErrorsAlarm": _alarm(
            f"{service}: a request crashed, timed out or was answered with 5xx",
            Metrics=[
                _expression("FILL(crashes, 0) + FILL(faults, 0)"),
                _measure("crashes", _behind_alias(prefix, "Errors"), "Sum"),
                _measure("faults", faults, "Sum"),
            ],
            EvaluationPeriods=1,
            Threshold=0,
        )
    }


def latency_alarm(prefix: str, service: str, timeout_s: int) -> Resources:
    """The slowest request in a hundred takes more than half of the timeout."""
    return {
        f"{prefix}LatencyAlarm": _alarm(
            f"{service}: p99 is over half of the timeout",
            **_behind_alias(prefix, "Duration"),
            ExtendedStatistic="p99",
            Period=PERIOD_S,
            EvaluationPeriods=LATENCY_PERIODS,
            Threshold=timeout_s * 1000 // 2,
        )
    }


def dead_letters_alarm(prefix: str, service: str) -> Resources:
    """Dead letters arrive; those that lie there already must not hold up the release that helps."""
    depth = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [
            {"Name": "QueueName", "Value": attribute(f"{prefix}DeadLetters", "QueueName")}
        ],
    }
    return {
        f"{prefix}DeadLettersAlarm": _alarm(
            f"{service}: uploads end among the dead letters",
            Metrics=[_expression("DIFF(depth)"), _measure("depth", depth, "Maximum")],
            EvaluationPeriods=1,
            Threshold=0,
        )
    }


def _alarm(description: str, **properties: Any) -> Block:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            **properties,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    }


def _expression(formula: str) -> Block:
    return {"Id": "watched", "Expression": formula, "ReturnData": True}


def _measure(identifier: str, metric: Block, statistic: str) -> Block:
    return {
        "Id": identifier,
        "MetricStat": {"Metric": metric, "Period": PERIOD_S, "Stat": statistic},
        "ReturnData": False,
    }


def _behind_alias(prefix: str, metric: str) -> Block:
    """One of Lambda's metrics, of what came in by way of the alias."""
    function = f"{prefix}Function"
    return {
        "Namespace": "AWS/Lambda",
        "MetricName": metric,
        "Dimensions": [
            {"Name": "FunctionName", "Value": ref(function)},
            {"Name": "Resource", "Value": sub(f"${{{function}}}:{ALIAS}")},
        ],
    }
