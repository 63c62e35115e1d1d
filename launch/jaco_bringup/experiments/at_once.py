"""Several runs of an experiment at once, and none more when one has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Which = tuple[str, int]
"""Condition and seed."""


def at_once(pool: Executor, jobs: int, work: Callable[[str, int], T], asked: Iterable[Which]) -> Iterator[tuple[Which, T]]:
    """Yields what `pool` made of each condition and seed, as they are done; a run begins when there are fewer than `jobs`.

    Raises what `work` raises: then no further run begins, and those beside it come to their end in `pool`.
    """
    waiting = iter(asked)
    running: dict[Future[T], Which] = {}
    while True:
        running |= {pool.submit(work, *each): each for each in islice(waiting, jobs - len(running))}
        if not running:
            return
        # No time-out: runs take as long as they take, and each ends by itself.
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            which = running.pop(future)
            yield which, future.result()
