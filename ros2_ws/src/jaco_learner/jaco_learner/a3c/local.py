"""A3C on one machine: workers are processes that share weights and RMSProp's statistics in memory, without locks."""

from __future__ import annotations

import traceback
from multiprocessing.connection import wait
from typing import Any

import torch
from torch import multiprocessing

from jaco_core.errors import JacoError, TimeoutExceeded
from jaco_learner.a3c.engine import MOST_REPLACED, TIMEOUT_S, Order, Shared, StagedWorker
from jaco_learner.a3c.worker import Report


class LocalEngine:
    """Worker processes of this machine. One that dies without a word is replaced; one that fails ends the run."""

    def __init__(self, order: Order, shared: Shared) -> None:
        self._order, self._shared = order, shared
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[Any] = []
        self._pipes: list[Any] = []
        self.replaced = 0

    def start(self, workers: int) -> None:
        """Lets so many workers work, those that do already among them."""
        while len(self._processes) < workers:
            process, pipe = self._begin(len(self._processes))
            self._processes.append(process)
            self._pipes.append(pipe)

    @property
    def process_ids(self) -> list[int]:
        """The workers' processes."""
        return [process.pid for process in self._processes]

    def reports(self) -> list[tuple[int, Report]]:
        """Waits for what workers tell; returns (worker, report) in the order of arrival.

        Raises:
            JacoError: a worker failed; the text is its traceback. Or too many died.
            TimeoutExceeded: none told anything for long.
        """
        ready = wait(self._pipes, TIMEOUT_S)
        if not ready:
            raise TimeoutExceeded(f"No A3C worker has reported for {TIMEOUT_S:.0f} s; is the machine out of memory?")
        told: list[tuple[int, Report]] = []
        for index, pipe in enumerate(self._pipes):
            try:
                while pipe in ready and pipe.poll(0.0):
                    answer = pipe.recv()
                    if isinstance(answer, str):
                        raise JacoError(f"An A3C worker failed:\n{answer}")
                    told.append((index, answer))
            except (EOFError, ConnectionResetError):
                self._replace(index)
        return told

    def close(self) -> None:
        """Ends the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(10.0)
            if process.is_alive():
                process.kill()
                process.join()
        self._processes, self._pipes = [], []

    def _begin(self, index: int) -> tuple[Any, Any]:
        here, there = self._context.Pipe()
        seed = self._order.seed_of(index, self.replaced)
        process = self._context.Process(target=_work, args=(there, self._order, self._shared, seed), daemon=True)
        process.start()
        there.close()
        return process, here

    def _replace(self, index: int) -> None:
        self._processes[index].join(10.0)
        code = self._processes[index].exitcode
        self.replaced += 1
        if self.replaced > MOST_REPLACED:
            raise JacoError(f"{self.replaced} A3C workers have died, the last with exit code {code}; its error is above.")
        self._pipes[index].close()
        self._processes[index], self._pipes[index] = self._begin(index)


def _work(pipe: Any, order: Order, shared: Shared, seed: int) -> None:
    """A worker's process: plays, and applies its gradients itself, until nobody reads its reports any more."""
    # One thread per process: the processes are what shares the cores.
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    try:
        worker = StagedWorker(order, shared.mean_image, seed)
        while True:
            progress = float(shared.progress)
            gradient, report = worker.improve(shared.optimiser.weights, progress)
            shared.optimiser.step(gradient, order.recipe.learning_rate_at(progress))
            pipe.send(report)
    except (EOFError, KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        return
    except Exception:  # noqa: BLE001 (a process edge: the run reports it and stops)
        pipe.send(traceback.format_exc())
