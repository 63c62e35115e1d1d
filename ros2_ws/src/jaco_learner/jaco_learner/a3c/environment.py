"""What an A3C worker plays in: many arms, seen as pixels, with the truths that the auxiliary heads learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import EpisodeStatus
from jaco_learner.a3c.auxiliary import LoopClosure, depth_classes
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_sim.envs.batch import BatchEnv, BatchStep
from jaco_sim.palm import PalmOf
from jaco_sim.simulation import make_scene
from jaco_tasks.near_starts import NearStarts


@dataclass(frozen=True)
class Seen:
    """What N environments show: images (N, 64, 64, 3) uint8 RGB, and what the step before earned, `reward` (N,).

    `fresh` (N,): an episode has begun here. `depth` (N, cells): classes; `closed` (N,): the palm came back to where it was.
    """

    image: NDArray[np.uint8]
    reward: NDArray[np.float32]
    fresh: NDArray[np.bool_]
    depth: NDArray[np.int64] | None
    closed: NDArray[np.bool_] | None
    ended: list[EpisodeStatus]


class Environment(Protocol):
    """N environments that are stepped together; an episode that ended begins anew by itself."""

    count: int

    def reset(self) -> Seen:
        """Begins everywhere."""

    def step(self, action: NDArray[np.int64], progress: float) -> Seen:
        """Takes one control step with action indices (N, joints), when the share `progress` of the run is over."""

    def close(self) -> None:
        """Releases what it holds."""


MakeEnvironment = Callable[[A3cRecipe, float, int], Environment]
"""Makes a worker's environments: recipe, share of the arm's triangles that is drawn, seed."""


class ArmEnvironment:
    """Simulated arms. Depth and loop closures are told only where the recipe gives them a weight."""

    def __init__(self, recipe: A3cRecipe, mesh_fraction: float, seed: int) -> None:
        scene = make_scene(recipe.task, recipe.arm, recipe.profile, recipe.physics_step_s, mesh_fraction)
        self._task = NearStarts(scene.task, scene.arm, PalmOf(scene), seed)
        self._task.furthest = recipe.start_distance_at(0.0)
        self._recipe, self.count = recipe, recipe.environments
        self._batch = BatchEnv(replace(scene, task=self._task), self.count, seed, tell_depth=recipe.depth_weight > 0.0)
        self._loops = LoopClosure(self.count, scene.task.max_steps) if recipe.closure_weight > 0.0 else None

    def reset(self) -> Seen:
        return self._look(self._batch.reset(stagger=True), np.zeros(self.count, np.float32), np.ones(self.count, bool))

    def step(self, action: NDArray[np.int64], progress: float) -> Seen:
        self._task.furthest = self._recipe.start_distance_at(progress)
        step = self._batch.step(action)
        return self._look(step, step.reward, step.terminated | step.truncated)

    def close(self) -> None:
        self._batch.close()

    def _look(self, step: BatchStep, reward: NDArray[np.float32], fresh: NDArray[np.bool_]) -> Seen:
        depth = None if step.depth is None else depth_classes(step.depth)
        closed = None if self._loops is None else self._loops.look(step.palm, fresh)
        return Seen(step.image, reward, fresh, depth, closed, step.ended)
