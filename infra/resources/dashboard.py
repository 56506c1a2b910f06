"""The fleet's dashboard: a graph per question, a line per model.

The lines come from CloudWatch searches over the stack's names, so the dashboard does not know which
models exist, and a new one is on it as soon as it has answered.
"""

import json
from typing import Any

from infra.resources.intrinsics import Resources, ref, sub

PERIOD_S = 300
_WIDTH, _HEIGHT = 12, 6

# title -> search and statistic.  A function's figures carry its name, a queue's end in `-uploads`.
_FUNCTION = "{AWS/Lambda,FunctionName} FunctionName=%s-"
_QUEUE = "{AWS/SQS,QueueName} QueueName=%s-"
_GRAPHS = {
    "Invocations": (_FUNCTION, "Invocations", "Sum"),
    "Errors": (_FUNCTION, "Errors", "Sum"),
    "Duration, p50 (ms)": (_FUNCTION, "Duration", "p50"),
    "Duration, p99 (ms)": (_FUNCTION, "Duration", "p99"),
    "Throttles": (_FUNCTION, "Throttles", "Sum"),
    "Running at once": (_FUNCTION, "ConcurrentExecutions", "Maximum"),
    "Uploads and dead letters waiting": (_QUEUE, "ApproximateNumberOfMessagesVisible", "Maximum"),
    "Oldest upload waiting (s)": (_QUEUE, "ApproximateAgeOfOldestMessage", "Maximum"),
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
    search = f'{where % "${AWS::StackName}"} MetricName="{metric}"'
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
