"""What a caller has used."""

from infra.openapi import refusals
from infra.openapi.refusals import JSON, KEYED
from infra.openapi.schema import record
from serving.types import JsonObject

TAG = "usage"
_DAY = {"type": "string", "format": "date"}
_AMOUNT = {"type": "number", "minimum": 0}
_COUNT = {"type": "integer", "minimum": 0}


def paths() -> JsonObject:
    """The one path that tells."""
    sums = {"requests": _COUNT, "compute_ms": _AMOUNT, "cost_usd": _AMOUNT}
    row = record(day=_DAY, model={"type": "string"}, **sums)
    schema = record(
        **{"caller": {"type": "string"}, "from": _DAY, "to": _DAY},
        **sums,
        usage={"type": "array", "items": row},
    )
    days = [
        {"name": name, "in": "query", "description": says, "schema": _DAY}
        for name, says in {
            "from": "the first day, in UTC; by default the first of the month",
            "to": "the last day, in UTC; by default today",
        }.items()
    ]
    return {
        "/v1/usage": {
            "get": {
                "operationId": "usage",
                "summary": "What the caller used, by day and model",
                "tags": [TAG],
                "parameters": days,
                "responses": {
                    "200": {
                        "description": "Requests, computing time and its price.",
                        "content": {JSON: {"schema": schema}},
                    },
                    **refusals.responses((*KEYED, 422)),
                },
            }
        }
    }
