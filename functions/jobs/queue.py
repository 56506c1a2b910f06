"""The service's own queue: what is still to be done, now or after a while."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# The longest that SQS holds a message back (Amazon SQS quotas).
LONGEST_DELAY_S = 900


class Step(StrEnum):
    """What a message asks for."""

    LOOK = "look"  # at the job's parts: are they answered?
    CLOSE = "close"  # what is left to do for a job that has ended
    NOTIFY = "notify"  # its webhook


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do for one job; `turn` counts how often it has been put off."""

    step: Step
    caller: str
    job: str
    turn: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """A task as a message has it.  Raises TypeError or ValueError when it is none."""
        document = json.loads(text)
        return cls(**document | {"step": Step(document.get("step"))})


class Queue:
    """Sends tasks; Lambda's poller hands them out."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, task: Task, delay_s: int = 0) -> None:
        """Have something done, at least once, not before `delay_s`."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(asdict(task)),
            DelaySeconds=min(delay_s, LONGEST_DELAY_S),
        )
