"""What the engine reads of Lambda's context object."""

from typing import Protocol


class LambdaContext(Protocol):
    """The part of the runtime client's context that is used here."""

    aws_request_id: str
    function_name: str
    memory_limit_in_mb: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda kills the sandbox."""
        ...
