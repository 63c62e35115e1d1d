"""A3C on one machine: workers are processes that share weights and RMSProp's statistics in memory, without locks."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

import numpy as np
import torch
from torch import Tensor, multiprocessing

from jaco_core.errors import JacoError, TimeoutExceeded
from jaco_learner.a3c.environment import MakeEnvironment
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_learner.a3c.rmsprop import SharedRmsProp
from jaco_learner.a3c.worker import Report, Worker, make_network
from jaco_policy.networks import ColumnSpec

# Longest time without any report; making the coarser meshes for the first time takes half a minute.
_TIMEOUT_S = 300.0
# A worker that was killed is replaced so often in a run; then something is wrong with the machine.
_MOST_REPLACED = 3


@dataclass(frozen=True)
class Shared:
    """What all workers see. `progress` (1,): the share of the run that is over, which the run alone writes."""

    optimiser: SharedRmsProp
    mean_image: Tensor
    progress: Tensor


@dataclass(frozen=True)
class Order:
    """What a worker is to do, all of it: which network learns by which recipe, and where."""

    recipe: A3cRecipe
    spec: ColumnSpec
    make: MakeEnvironment
    seed: int


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
        ready = wait(self._pipes, _TIMEOUT_S)
        if not ready:
            raise TimeoutExceeded(f"No A3C worker has reported for {_TIMEOUT_S:.0f} s; is the machine out of memory?")
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
        # One that takes another's place plays other episodes.
        seed = int(np.random.SeedSequence([self._order.seed, index, self.replaced]).generate_state(1, np.uint64)[0] >> 2)
        process = self._context.Process(target=_work, args=(there, self._order, self._shared, seed), daemon=True)
        process.start()
        there.close()
        return process, here

    def _replace(self, index: int) -> None:
        self._processes[index].join(10.0)
        code = self._processes[index].exitcode
        self.replaced += 1
        if self.replaced > _MOST_REPLACED:
            raise JacoError(f"{self.replaced} A3C workers have died, the last with exit code {code}; its error is above.")
        self._pipes[index].close()
        self._processes[index], self._pipes[index] = self._begin(index)


def _work(pipe: Any, order: Order, shared: Shared, seed: int) -> None:
    """A worker's process: plays, and applies its gradients itself, until nobody reads its reports any more."""
    # One thread per process: the processes are what shares the cores.
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    try:
        stage, worker = -1, None
        while True:
            progress = float(shared.progress)
            if order.recipe.stage_at(progress) != stage:
                stage = order.recipe.stage_at(progress)
                if worker is not None:
                    worker.close()
                worker = make_worker(order, shared.mean_image, stage, seed + stage)
            assert worker is not None
            gradient, report = worker.improve(shared.optimiser.weights, progress)
            shared.optimiser.step(gradient, order.recipe.learning_rate_at(progress))
            pipe.send(report)
    except (EOFError, KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        return
    except Exception:  # noqa: BLE001 (a process edge: the run reports it and stops)
        pipe.send(traceback.format_exc())


def make_worker(order: Order, mean_image: Tensor, stage: int, seed: int) -> Worker:
    """Returns a worker in the world of the recipe's `stage`."""
    recipe = order.recipe
    network = make_network(recipe, order.spec.joints, order.spec.choices)
    network.column.mean_image.copy_(mean_image)
    return Worker(recipe, order.make(recipe, recipe.stages[stage].mesh_fraction, seed), network)
