"""A sandbox answers for hours: nothing of a request may outlive it."""

import gc

from tests.unit.serving.conftest import Model

REQUESTS = 200
ROUNDS = 3


def test_requests_leave_nothing_behind(classifier: Model) -> None:
    def ask(number: int) -> None:
        classifier.predict({"instances": [[number, 2, 3]] * (1 + number % 5)})
        classifier.predict({"instances": [[number]]})
        classifier.http("/v2/models/tiny/infer", "no JSON")

    for number in range(20):  # caches fill, and what is imported on demand is
        ask(number)
    grown = []
    for _ in range(ROUNDS):
        gc.collect()
        before = len(gc.get_objects())
        for number in range(REQUESTS):
            ask(number)
        gc.collect()
        grown.append(len(gc.get_objects()) - before)
    # Threads of other tests in this process make objects, too; a leak shows in every round.
    assert min(grown) < REQUESTS / 10
