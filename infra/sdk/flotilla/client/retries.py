"""When to ask again, and how long to wait before.

Pauses double and are drawn by chance below that, so that many clients do not come back at once
(AWS Architecture Blog, "Exponential Backoff and Jitter": full jitter).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

# Not answered now, and by another attempt perhaps.
AGAIN = frozenset((429, 502, 503, 504))
# Of these it is certain that nothing was done.
NOT_BEGUN = frozenset((429, 503))


@dataclass(frozen=True, slots=True)
class Retries:
    """How often to try again after the first time; `draw` is a number from 0 to 1."""

    most: int = 4
    first_pause_s: float = 0.2
    longest_pause_s: float = 8.0
    draw: Callable[[], float] = random.random

    def pause_s(self, attempt: int, retry_after: str | None = None) -> float:
        """How long to wait after attempt number `attempt`, 0 being the first.

        A server that says how long is believed, up to the longest pause.
        """
        if retry_after is not None and retry_after.strip().isdecimal():
            return min(float(retry_after), self.longest_pause_s)
        return self.draw() * min(self.first_pause_s * 2.0**attempt, self.longest_pause_s)

    def again(self, attempt: int, status: int | None, repeatable: bool) -> bool:
        """Whether to ask again after a status, or after None: no answer at all.

        What is not `repeatable` may have been done already, unless the status says that it was not.
        """
        if attempt >= self.most:
            return False
        if status is None:
            return repeatable
        return status in (AGAIN if repeatable else NOT_BEGUN)
