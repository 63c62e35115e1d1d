"""Who lets the expert show: processes beside the one that learns, or that one itself. What they show is the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jaco_core.errors import TimeoutExceeded
from jaco_learner.imitation.collecting import Shown, collect
from jaco_learner.imitation.expert import MakeDemonstration
from jaco_learner.imitation.recipe import ImitationRecipe
from jaco_learner.memory import keep_freed_memory
from jaco_learner.processes import WorkerProcess, close_workers
from jaco_learner.rollouts import Actor, shared_copy
from jaco_learner.standard.arms import Segment

# Longest wait for one segment of one process; it takes seconds to a minute.
_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Request:
    """A segment to show: `frames` in all, during which the expert moves arms that are no trial at `share` of their steps."""

    segment: Segment
    frames: int
    share: float


class Demonstrators:
    """Shows a segment at a time, with the learner's weights as they were when it was asked for."""

    def __init__(self, recipe: ImitationRecipe, make: MakeDemonstration, actor: Actor) -> None:
        """`make`: where the expert shows; a function that other processes can import, if the recipe has workers."""
        self._actor = shared_copy(actor)
        self._part = _share_of(recipe)
        self._make, self._pending = make, 0
        self._shown: Shown | None = None
        arguments = ("A demonstrator", _work, self._part, make, self._actor)
        self._workers = [WorkerProcess(*arguments) for _ in range(recipe.workers)]

    def request(self, request: Request, actor: Actor) -> None:
        """Asks for a segment with the present weights of `actor`. Processes do it while the caller goes on.

        Raises:
            JacoError: a process has died.
        """
        assert not self._pending and self._shown is None, "one segment at a time"
        self._actor.load_state_dict(actor.state_dict())
        if not self._workers:
            self._shown = _show(self._part, self._make, self._actor, request)
        for part, worker in zip(_parts(request, len(self._workers)), self._workers, strict=True):
            worker.send(part)
            self._pending += 1

    def take(self) -> Shown:
        """Waits for what was asked for.

        Raises:
            JacoError: a process failed; the text is its traceback.
            TimeoutExceeded: one does not answer.
        """
        if self._shown is not None:
            shown, self._shown = self._shown, None
            return shown
        parts = []
        for worker in self._workers:
            if not worker.pipe.poll(_TIMEOUT_S):
                raise TimeoutExceeded(f"A demonstrator has not answered for {_TIMEOUT_S:.0f} s; is the machine out of memory?")
            parts.append(worker.receive())
        self._pending = 0
        return Shown.join(parts)

    def close(self) -> None:
        """Ends the processes."""
        close_workers(self._workers)


def _share_of(recipe: ImitationRecipe) -> ImitationRecipe:
    """Returns the recipe for the arms of one process."""
    shares = max(1, recipe.workers)
    return replace(recipe, environments=recipe.environments // shares, trials=recipe.trials // shares, workers=0)


def _parts(request: Request, workers: int) -> list[Request]:
    """Returns what each process shows: the same with one as without any, other episodes with each further one."""
    parts = []
    for index in range(workers):
        seed = (
            request.segment.seed
            if index == 0
            else int(np.random.SeedSequence([request.segment.seed, index]).generate_state(1)[0])
        )
        parts.append(replace(request, segment=replace(request.segment, seed=seed), frames=-(-request.frames // workers)))
    return parts


def _work(pipe: Any, recipe: ImitationRecipe, make: MakeDemonstration, actor: Actor) -> None:
    """A process: one segment per message, until the pipe closes."""
    keep_freed_memory()
    while True:
        pipe.send(_show(recipe, make, actor, pipe.recv()))


def _show(recipe: ImitationRecipe, make: MakeDemonstration, actor: Actor, request: Request) -> Shown:
    demonstration = make(recipe, request.segment)
    try:
        rng = np.random.default_rng(request.segment.seed)
        return collect(demonstration, actor, request.frames, recipe.trials, request.share, rng)
    finally:
        demonstration.arms.close()
