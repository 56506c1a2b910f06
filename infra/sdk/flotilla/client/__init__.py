"""Ask models from Python.

    from flotilla.client import Flotilla

    with Flotilla("https://...", "flt_...") as fleet:
        answer = fleet.predict("iris", [[5.1, 3.5, 1.4, 0.2]])
        print(answer.predictions[0]["label"], answer.usage.cost_usd)

`AsyncFlotilla` has the same methods to await.  What goes wrong is a `FlotillaError`: `Refused` with
the status, code, message and id of an answer, or `NoAnswer` when there was none.
"""

from flotilla.client.answers import Answer, Job, Usage
from flotilla.client.asynchronous import AsyncFlotilla
from flotilla.client.errors import FlotillaError, NoAnswer, Refused
from flotilla.client.retries import Retries
from flotilla.client.synchronous import Flotilla

__all__ = [
    "Answer",
    "AsyncFlotilla",
    "Flotilla",
    "FlotillaError",
    "Job",
    "NoAnswer",
    "Refused",
    "Retries",
    "Usage",
]
