"""Times subjects in processes of their own, side by side or one after another, over the same span of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from jaco_bringup.bench.throughput.subjects import Work
from jaco_core.errors import JacoError, TimeoutExceeded

# A loaded machine takes long to import, compile and train for a segment.
START_TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Rate:
    """Steps per second of wall time, and per second of the subject's own processor time: what it makes of the time it gets."""

    wall: float
    cpu: float


class Subject:
    """A process that has set `prepare`'s work up and does it when asked. Context manager."""

    def __init__(self, prepare: Callable[[], Work]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, prepare))
        self._process.start()
        theirs.close()

    def __enter__(self) -> Subject:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pipe.close()
        self._process.join(5.0)
        if self._process.is_alive():
            self._process.kill()

    def begin(self, seconds: float) -> None:
        """Starts to work for `seconds`; 0 for once."""
        self._pipe.send(seconds)

    def rate(self) -> Rate:
        """Returns the rate of what was begun.

        Raises:
            JacoError: it has died.
            TimeoutExceeded: it does not answer.
        """
        if not self._pipe.poll(START_TIMEOUT_S):
            raise TimeoutExceeded(f"What is measured has not answered for {START_TIMEOUT_S:.0f} s.")
        try:
            return Rate(*self._pipe.recv())
        except EOFError:
            raise JacoError("What is measured has died; its error is above.") from None


def rates(subjects: Sequence[Subject], seconds: float) -> list[Rate]:
    """Returns the rates of `subjects`, which work at the same time."""
    for subject in subjects:
        subject.begin(seconds)
    return [subject.rate() for subject in subjects]


def _serve(pipe: Any, prepare: Callable[[], Work]) -> None:
    try:
        work = prepare()
        while True:
            seconds = pipe.recv()
            began, began_cpu, steps = time.perf_counter(), time.process_time(), work()
            while (spent := time.perf_counter() - began) < seconds:
                steps += work()
            pipe.send((steps / spent, steps / (time.process_time() - began_cpu)))
    except (EOFError, KeyboardInterrupt):
        return
