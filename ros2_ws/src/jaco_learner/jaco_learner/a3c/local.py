"""A3C on one machine: workers are processes that share weights and RMSProp's statistics in memory, without locks."""

from __future__ import annotations

from multiprocessing.connection import wait
from typing import Any

import torch

from jaco_core.errors import JacoError, TimeoutExceeded
from jaco_learner.a3c.engine import MOST_REPLACED, TIMEOUT_S, Order, Shared, StagedWorker
from jaco_learner.a3c.worker import Report
from jaco_learner.memory import keep_freed_memory
from jaco_learner.processes import WorkerDied, WorkerProcess, close_workers


class LocalEngine:
    """Worker processes of this machine. One that dies without a word is replaced; one that fails ends the run."""

    def __init__(self, order: Order, shared: Shared) -> None:
        self._order, self._shared = order, shared
        self._workers: list[WorkerProcess] = []
        self.replaced = 0

    def start(self, workers: int) -> None:
        """Lets so many workers work, those that do already among them."""
        while len(self._workers) < workers:
            self._workers.append(self._begin(len(self._workers)))

    @property
    def process_ids(self) -> list[int]:
        """The workers' processes."""
        return [worker.process_id for worker in self._workers]

    def reports(self) -> list[tuple[int, Report]]:
        """Waits for what workers tell; returns (worker, report) in the order of arrival.

        Raises:
            JacoError: a worker failed; the text is its traceback. Or too many died.
            TimeoutExceeded: none told anything for long.
        """
        ready = wait([worker.pipe for worker in self._workers], TIMEOUT_S)
        if not ready:
            raise TimeoutExceeded(f"No A3C worker has reported for {TIMEOUT_S:.0f} s; is the machine out of memory?")
        told: list[tuple[int, Report]] = []
        for index, worker in enumerate(self._workers):
            try:
                while worker.pipe in ready and worker.pipe.poll(0.0):
                    told.append((index, worker.receive()))
            except WorkerDied:
                self._replace(index)
        return told

    def close(self) -> None:
        """Ends the processes."""
        close_workers(self._workers)
        self._workers = []

    def _begin(self, index: int) -> WorkerProcess:
        seed = self._order.seed_of(index, self.replaced)
        return WorkerProcess("An A3C worker", _work, self._order, self._shared, seed)

    def _replace(self, index: int) -> None:
        code = self._workers[index].end_code()
        self.replaced += 1
        if self.replaced > MOST_REPLACED:
            raise JacoError(f"{self.replaced} A3C workers have died, the last with exit code {code}; its error is above.")
        self._workers[index].pipe.close()
        self._workers[index] = self._begin(index)


def _work(pipe: Any, order: Order, shared: Shared, seed: int) -> None:
    """A worker's process: plays, and applies its gradients itself, until nobody reads its reports any more."""
    keep_freed_memory()
    torch.manual_seed(seed)
    worker = StagedWorker(order, shared.mean_image, seed)
    while True:
        progress = float(shared.progress)
        gradient, report = worker.improve(shared.optimiser.weights, progress)
        shared.optimiser.step(gradient, order.recipe.learning_rate_at(progress))
        pipe.send(report)
