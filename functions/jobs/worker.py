"""What is done for a job between its making and its end, step by step.

Messages come at least once, and workers crash: every step may be taken twice, and the table decides
which of two workers has the last word.
"""

from collections.abc import Callable
from dataclasses import dataclass

from functions.jobs import intake, notices, outcome
from functions.jobs.inputs import Inputs
from functions.jobs.job import ENDED, OPEN, Delivery, Job, Status
from functions.jobs.notices import Post
from functions.jobs.queue import Queue, Step, Task
from functions.jobs.results import Results
from functions.jobs.table import Jobs
from serving.errors import ServingError
from serving.json_types import JsonObject

# Looks at a job's parts: every second at first, then ever less often.
_LOOKS_A_SECOND = 10
_LONGEST_PAUSE_S = 30
# A part that the model's queue gave up has no answer, ever; a busy queue may take its time.
PATIENCE_S = 3600


@dataclass(frozen=True, slots=True)
class Worker:
    """Takes the steps."""

    jobs: Jobs
    inputs: Inputs
    results: Results
    queue: Queue
    post: Post
    now: Callable[[], float]

    def begin(self, caller: str, job_id: str, version: str) -> None:
        """The job's input has come: hand it to the model, in parts if it has many lines."""
        job = self.jobs.find(caller, job_id)
        job = self.jobs.begin(job, version) if job else None
        if job is None:
            return
        try:
            lines = intake.hand_over(job, version, self.jobs, self.inputs)
        except ServingError as error:
            self.fail(job, {"code": error.code, "message": str(error)})
            return
        if lines is None:  # cancelled meanwhile
            self.close(caller, job_id)
            return
        self.jobs.change(job, (Status.RUNNING,), lines=lines)
        self.queue.send(Task(Step.LOOK, caller, job_id))

    def look(self, task: Task) -> None:
        """Count the parts that are answered; put the result together when all of them are."""
        job = self.jobs.find(task.caller, task.job)
        if job is None or job.tick > task.turn:
            return
        if job.status is not Status.RUNNING:
            self.close(task.caller, task.job)
            return
        seen = outcome.look(job, self.inputs, self.results)
        late = self.now() - job.progressed > PATIENCE_S and seen.lines_done == job.lines_done
        if seen.is_complete or late:
            # Another worker may have ended the job, and cleared up what was to be seen here.
            now = self.jobs.find(task.caller, task.job)
            if now is not None and now.status is Status.RUNNING:
                self._end(job, seen)
            else:
                self.close(task.caller, task.job)
            return
        # First the next look, then the mark that this one was taken: a crash in between repeats it.
        pause_s = min(1 + task.turn // _LOOKS_A_SECOND, _LONGEST_PAUSE_S)
        self.queue.send(Task(Step.LOOK, task.caller, task.job, task.turn + 1), pause_s)
        progress: JsonObject = {"tick": task.turn + 1}
        if seen.lines_done != job.lines_done:
            progress |= {"lines_done": seen.lines_done, "progressed": int(self.now())}
        self.jobs.change(job, (Status.RUNNING,), **progress)

    def close(self, caller: str, job_id: str) -> None:
        """Clear up after a job that has ended, and have its webhook sent."""
        job = self.jobs.find(caller, job_id)
        if job is None or job.status in OPEN:
            return
        self.inputs.remove_parts(job)
        self.results.remove_answers(job)
        if job.webhook_state == Delivery.WAITING and job.webhook_attempts == 0:
            self.queue.send(Task(Step.NOTIFY, caller, job_id))

    def notify(self, task: Task) -> None:
        """Send the job's webhook, and see to another attempt when it fails."""
        job = self.jobs.find(task.caller, task.job)
        if job is None or job.webhook_state != Delivery.WAITING:
            return
        if job.webhook_attempts > task.turn:  # a message that came again
            return
        received = notices.tell(job, self.post, self.now())
        state = Delivery.DELIVERED if received else Delivery.GIVEN_UP
        if not received and task.turn < len(notices.PAUSES_S):
            state, pause_s = Delivery.WAITING, notices.PAUSES_S[task.turn]
            self.queue.send(Task(Step.NOTIFY, task.caller, task.job, task.turn + 1), pause_s)
        self.jobs.change(job, ENDED, webhook_state=state, webhook_attempts=task.turn + 1)

    def fail(self, job: Job, error: JsonObject) -> None:
        """End a job without a result."""
        self._finish(
            job, status=Status.FAILED, error_code=error["code"], error_message=error["message"]
        )

    def _end(self, job: Job, seen: outcome.Seen) -> None:
        try:
            lines = outcome.write(job, seen, self.results)
        except outcome.Refused as refusal:
            self.fail(job, refusal.error)
            return
        self._finish(job, status=Status.DONE, lines=lines, lines_done=lines)

    def _finish(self, job: Job, **values: object) -> None:
        self.jobs.change(job, OPEN, finished=int(self.now()), **values)
        self.close(job.caller, job.id)
