"""Where A3C's workers run: one small interface, and the engines by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from jaco_core.errors import ConfigError
from jaco_learner.a3c.environment import MakeEnvironment
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_learner.a3c.rmsprop import SharedRmsProp
from jaco_learner.a3c.worker import Report, Worker, make_network
from jaco_policy.networks import ColumnSpec

# A worker that was killed is replaced so often in a run; then something is wrong with the machine.
MOST_REPLACED = 3
# Longest time without any report [s].
TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Shared:
    """What is learned. `progress` (1,): the share of the run that is over, which the run alone writes."""

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

    def seed_of(self, worker: int, replaced: int) -> int:
        """Returns the seed of a worker's episodes and actions; one that takes another's place has its own."""
        return int(np.random.SeedSequence([self.seed, worker, replaced]).generate_state(1, np.uint64)[0] >> 2)


class Engine(Protocol):
    """Workers that learn. One that dies without a word is replaced; one that fails ends the run."""

    replaced: int

    def start(self, workers: int) -> None:
        """Lets so many workers work, those that do already among them."""

    @property
    def process_ids(self) -> list[int]:
        """The workers' processes."""

    def reports(self) -> list[tuple[int, Report]]:
        """Waits for what workers tell; returns (worker, report) in the order of arrival.

        Raises:
            JacoError: a worker failed, with its traceback, or too many died.
            TimeoutExceeded: none told anything for long.
        """

    def close(self) -> None:
        """Ends the workers."""


class StagedWorker:
    """A worker that moves from one stage's world into the next by itself."""

    def __init__(self, order: Order, mean_image: Tensor, seed: int) -> None:
        self._order, self._mean_image, self._seed = order, mean_image, seed
        self._stage = -1
        self._worker: Worker | None = None

    def improve(self, weights: Tensor, progress: float) -> tuple[Tensor, Report]:
        """Plays with the flat `weights` (P,); returns the clipped gradient (P,) and the report."""
        recipe = self._order.recipe
        if self._worker is None or recipe.stage_at(progress) != self._stage:
            if self._worker is not None:
                self._worker.close()
            self._stage = recipe.stage_at(progress)
            network = make_network(recipe, self._order.spec.joints, self._order.spec.choices)
            network.column.mean_image.copy_(self._mean_image)
            world = self._order.make(recipe, recipe.stages[self._stage].mesh_fraction, self._seed + self._stage)
            self._worker = Worker(recipe, world, network)
        return self._worker.improve(weights, progress)


def make_engine(name: str, order: Order, shared: Shared) -> Engine:
    """Returns the engine called `name`, with no worker yet.

    Raises:
        ConfigError: no such engine, or what it needs is not installed.
    """
    engines: dict[str, Callable[[Order, Shared], Engine]] = {"local": _local, "ray": _ray}
    if name not in engines:
        raise ConfigError(f"There is no engine '{name}'; known: {', '.join(engines)}.")
    return engines[name](order, shared)


def _local(order: Order, shared: Shared) -> Engine:
    from jaco_learner.a3c.local import LocalEngine

    return LocalEngine(order, shared)


def _ray(order: Order, shared: Shared) -> Engine:
    from jaco_learner.a3c.on_ray import RayEngine

    return RayEngine(order, shared)
