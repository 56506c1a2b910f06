"""Alarms of one function; while one of them rings, a release goes back by itself.

They tell nobody yet: their changes of state are on the account's event bus, for whoever subscribes.
"""

from typing import Any

from infra.resources.blocks import Block, Resources, attribute, ref, sub
from infra.resources.functions import ALIAS, NAMESPACE

PERIOD_S = 60
# A p99 of a minute with few requests is the slowest of them, so it must last.
LATENCY_PERIODS = 3
_AT_ONCE = {"Period": PERIOD_S, "EvaluationPeriods": 1, "Threshold": 0}


def errors_alarm(prefix: str, service: str) -> Resources:
    """An invocation crashed, timed out or ran out of memory."""
    return {
        f"{prefix}ErrorsAlarm": _alarm(
            f"{service}: an invocation crashed or timed out",
            **_behind_alias(prefix, "Errors"),
            Statistic="Sum",
            **_AT_ONCE,
        )
    }


def faults_alarm(prefix: str, service: str) -> Resources:
    """A request was answered with 500 or more, which for Lambda is a success like any other."""
    return {
        f"{prefix}FaultsAlarm": _alarm(
            f"{service}: a request was answered with 5xx",
            Namespace=NAMESPACE,
            MetricName="Faults",
            Dimensions=[{"Name": "service", "Value": service}],
            Statistic="Sum",
            **_AT_ONCE,
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


def queue_alarms(prefix: str, service: str, timeout_s: int) -> Resources:
    """All alarms of a function that answers what comes by way of a queue or a log."""
    return {
        **errors_alarm(prefix, service),
        **faults_alarm(prefix, service),
        **latency_alarm(prefix, service, timeout_s),
        **dead_letters_alarm(prefix, service),
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
    measured = {"Metric": depth, "Period": PERIOD_S, "Stat": "Maximum"}
    return {
        f"{prefix}DeadLettersAlarm": _alarm(
            f"{service}: messages end among the dead letters",
            Metrics=[
                {"Id": "growth", "Expression": "DIFF(depth)", "ReturnData": True},
                {"Id": "depth", "MetricStat": measured, "ReturnData": False},
            ],
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
