"""A worker process that ends or fails is an error where it is spoken to, never a wait without end."""

from __future__ import annotations

import pytest

from jaco_core.errors import JacoError
from jaco_learner.processes import WorkerDied, WorkerProcess, close_workers


def test_a_worker_that_ends_or_fails_is_told_of_by_its_name() -> None:
    # What they do with their pipe: one is at once done with it, the other finds that a pipe has no length.
    done, broken = workers = WorkerProcess("A test worker", id), WorkerProcess("Another", len)
    try:
        with pytest.raises(WorkerDied, match=r"^A test worker has died; its error is above"):
            done.receive()
        assert done.end_code() == 0
        with pytest.raises(WorkerDied, match="A test worker has died"):
            done.send("anybody there?")
        assert broken.end_code() == 0
        # Its last words are still in the pipe.
        with pytest.raises(JacoError, match=r"(?s)^Another failed:\nTraceback.*TypeError: .* has no len"):
            broken.send("how long?")
    finally:
        close_workers(workers)
    assert [worker.end_code() for worker in workers] == [0, 0]
