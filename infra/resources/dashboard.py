"""The fleet's dashboard: a graph per question, a line per model.

The lines come from CloudWatch searches over the stack's names, so the dashboard does not know which
models exist, and a new one is on it as soon as it has answered.
"""

import json
from typing import Any

from infra.resources.blocks import Resources, ref, sub
from infra.resources.functions import NAMESPACE

PERIOD_S = 300
_WIDTH, _HEIGHT = 12, 6

_ENGINE = f"{{{NAMESPACE},service}}"
_LAMBDA = "{AWS/Lambda,FunctionName} FunctionName=${AWS::StackName}"
_QUEUES = "{AWS/SQS,QueueName} QueueName=${AWS::StackName}"

# title -> where to search, metric, statistic.
_GRAPHS = {
    "Requests": (_ENGINE, "Requests", "Sum"),
    "Cold starts": (_ENGINE, "ColdStart", "Sum"),
    "Latency, p50 (ms)": (_ENGINE, "Latency", "p50"),
    "Latency, p99 (ms)": (_ENGINE, "Latency", "p99"),
    "Refused with 4xx": (_ENGINE, "Errors", "Sum"),
    "Failed with 5xx": (_ENGINE, "Faults", "Sum"),
    "Crashes and timeouts": (_LAMBDA, "Errors", "Sum"),
    "Throttles": (_LAMBDA, "Throttles", "Sum"),
    "Running at once": (_LAMBDA, "ConcurrentExecutions", "Maximum"),
    "Invocations": (_LAMBDA, "Invocations", "Sum"),
    "Uploads and dead letters waiting": (_QUEUES, "ApproximateNumberOfMessagesVisible", "Maximum"),
    "Oldest upload waiting (s)": (_QUEUES, "ApproximateAgeOfOldestMessage", "Maximum"),
}


def dashboard() -> Resources:
    """One dashboard for all models."""
    widgets = [_graph(place, title, *what) for place, (title, what) in enumerate(_GRAPHS.items())]
    return {
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {
                "DashboardName": ref("AWS::StackName"),
                "DashboardBody": sub(json.dumps({"widgets": widgets})),
            },
        }
    }


def _graph(place: int, title: str, where: str, metric: str, statistic: str) -> dict[str, Any]:
    search = f'{where} MetricName="{metric}"'
    return {
        "type": "metric",
        "x": place % 2 * _WIDTH,
        "y": place // 2 * _HEIGHT,
        "width": _WIDTH,
        "height": _HEIGHT,
        "properties": {
            "title": title,
            "region": "${AWS::Region}",
            "view": "timeSeries",
            "period": PERIOD_S,
            "metrics": [[{"expression": f"SEARCH('{search}', '{statistic}')", "id": "lines"}]],
        },
    }
