"""What a job's webhook is told."""

import json
from collections.abc import Callable, Mapping

from functions.jobs import webhooks
from functions.jobs.job import Job, describe
from serving.http import JSON

# How long to wait after each attempt that failed; there is one attempt more.
PAUSES_S = (2, 10, 60, 300, 900)
_RECEIVED = range(200, 300)
# url, body, headers -> the status of the answer.  Raises Undelivered.
Post = Callable[[str, bytes, Mapping[str, str]], int]


def tell(job: Job, post: Post, now: float) -> bool:
    """Tell the job's webhook of its end, and say whether it was received.

    What comes a second time has the same `Flotilla-Delivery`, the job's id.
    """
    document = describe(job)
    del document["webhook"]
    body = json.dumps(document).encode()
    headers = {
        "Content-Type": JSON,
        "User-Agent": "Flotilla",
        "Flotilla-Delivery": job.id,
        "Flotilla-Signature": webhooks.signature(job.webhook_secret, int(now), body),
    }
    try:
        return post(job.webhook_url, body, headers) in _RECEIVED
    except webhooks.Undelivered:
        return False
