"""A tiny task in numpy that every algorithm must solve: two joints go to a point that the state shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import ENDED, EpisodeStatus
from jaco_learner.recipe import Stage
from jaco_learner.standard.arms import Segment
from jaco_learner.standard.recipe import StandardRecipe, load_standard_recipe
from jaco_sim.envs.batch import BatchStep

STEPS, NEAR = 12, 0.3


def tiny(algorithm: str, frames: int = 1000, segment: int | None = None, **settings: Any) -> StandardRecipe:
    """Returns the shipped recipe, sized for the tiny task."""
    recipe = load_standard_recipe(f"reach_{algorithm}")
    sizes = {"environments": 16, "hidden": 32, "segment": segment or frames, "stages": (Stage(frames, 1.0),)}
    return replace(recipe, **sizes, settings=replace(recipe.settings, **settings))


class Reacher:
    """k arms of two joints in -1..1, each with a target of its own; +1 for each step at which both are near."""

    def __init__(self, recipe: StandardRecipe, segment: Segment) -> None:
        self.count = recipe.environments
        self.speeds = np.array([[-0.3, 0.0, 0.3], [-0.2, 0.0, 0.2]])
        self.state_size = 4
        self._rng = np.random.default_rng(segment.seed)
        self._at, self._to = np.zeros((2, self.count, 2))
        self._steps, self._return = np.zeros(self.count, int), np.zeros(self.count)

    def reset(self, seeds: list[int] | None = None, stagger: bool = False) -> BatchStep:
        self._begin(np.ones(self.count, bool))
        if stagger:
            self._steps[:] = self._rng.integers(STEPS - 1, size=self.count)
        return self._look(np.zeros(self.count), np.zeros(self.count, bool), [])

    def drive(self, velocity: NDArray[np.floating]) -> BatchStep:
        assert velocity.shape == (self.count, 2) and np.all(np.abs(velocity) <= self.speeds[:, -1] + 1e-6)
        self._at = np.clip(self._at + velocity, -1.0, 1.0)
        self._steps += 1
        reward = (np.abs(self._at - self._to) < NEAR).all(axis=1).astype(float)
        self._return += reward
        done = self._steps >= STEPS
        ended = [
            EpisodeStatus(0, "reacher", ENDED, step=STEPS, episode_return=float(self._return[index]), success=bool(reward[index]))
            for index in np.flatnonzero(done)
        ]
        self._begin(done)
        return self._look(reward, done, ended)

    def close(self) -> None:
        pass

    def _begin(self, which: NDArray[np.bool_]) -> None:
        count = np.count_nonzero(which)
        self._at[which], self._to[which] = self._rng.uniform(-1.0, 1.0, (2, count, 2))
        self._steps[which], self._return[which] = 0, 0.0

    def _look(self, reward: NDArray[np.float64], done: NDArray[np.bool_], ended: list[EpisodeStatus]) -> BatchStep:
        state = np.hstack((self._at, self._to)).astype(np.float32)
        nothing, nowhere = np.zeros((self.count, 64, 64, 3), np.uint8), np.zeros((self.count, 3), np.float32)
        return BatchStep(nothing, state, reward.astype(np.float32), np.zeros_like(done), done, nowhere, nowhere, ended)


class Killed(Exception):
    """As if the process ended."""


class Mortal(Reacher):
    """Arms that end the run at a step."""

    left = 0

    def drive(self, velocity: NDArray[np.floating]) -> BatchStep:
        Mortal.left -= 1
        if Mortal.left == 0:
            raise Killed
        return super().drive(velocity)


def success(actor: Any, recipe: StandardRecipe, seed: int = 12345) -> float:
    """Returns the share of a hundred new episodes that end near the target, by the actor's likeliest choices."""
    import torch

    arms = Reacher(replace(recipe, environments=100), Segment(1.0, seed))
    step = arms.reset()
    for _ in range(STEPS):
        choice = actor(torch.from_numpy(step.state)).argmax(-1).numpy()
        step = arms.drive(arms.speeds[np.arange(2), choice])
    return float(np.mean([status.success for status in step.ended]))


def untimed(row: str) -> list[str]:
    """Returns the figures of a run's row without the rate."""
    return [figure for figure in row.split("  ") if not figure.endswith("/s")]
