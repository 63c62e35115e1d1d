"""Environments that need no simulator: the bright half of the first picture says what is paid for on the second, black one."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import ENDED, EpisodeStatus
from jaco_learner.a3c.auxiliary import GRID
from jaco_learner.a3c.environment import Seen
from jaco_learner.a3c.recipe import A3cRecipe, load_a3c_recipe
from jaco_learner.recipe import Stage


def small(frames: int = 1000, **changes: object) -> A3cRecipe:
    sizes = {"environments": 16, "steps": 8, "hidden": 32, "lstm": 16, "stages": (Stage(frames, 1.0),)}
    return replace(load_a3c_recipe("reach_a3c"), **{**sizes, **changes})


class Memory:
    """Two steps long; joint 1 must go back, or forth, on the second. The depth heads may learn which half was bright."""

    def __init__(self, recipe: A3cRecipe, mesh_fraction: float, seed: int) -> None:
        self.count = recipe.environments
        self._recipe = recipe
        self._rng = np.random.default_rng(seed)
        self._late = np.zeros(self.count, bool)
        self._forth = np.zeros(self.count, bool)

    def reset(self) -> Seen:
        return self._look(np.zeros(self.count, np.float32), np.ones(self.count, bool))

    def step(self, action: NDArray[np.int64], progress: float) -> Seen:
        assert action.shape == (self.count, 9) and 0.0 <= progress <= 1.0
        paid = self._late & (action[:, 0] == np.where(self._forth, 2, 0))
        return self._look(paid.astype(np.float32), self._late.copy())

    def close(self) -> None:
        pass

    def _look(self, reward: NDArray[np.float32], fresh: NDArray[np.bool_]) -> Seen:
        self._late = ~fresh
        self._forth[fresh] = self._rng.random(np.count_nonzero(fresh)) < 0.5
        image = np.zeros((self.count, 64, 64, 3), np.uint8)
        image[fresh & self._forth, 32:] = 255
        image[fresh & ~self._forth, :32] = 255
        depth = np.repeat(7 * self._forth[:, None], GRID * GRID, axis=1) if self._recipe.depth_weight else None
        closed = self._forth.copy() if self._recipe.closure_weight else None
        ended = [
            EpisodeStatus(0, "memory", ENDED, step=2, reward=float(each), episode_return=float(each), success=bool(each))
            for each in reward[fresh]
        ]
        return Seen(image, reward, fresh, depth, closed, ended)


class Broken(Memory):
    """Fails on its first step."""

    def step(self, action: NDArray[np.int64], progress: float) -> Seen:
        raise ValueError("the arm fell off")


class DiesFirst:
    """Kills the first worker that enters it, before anything was reported."""

    def __init__(self, mark: Path) -> None:
        self.mark, self.training = mark, os.getpid()

    def __call__(self, recipe: A3cRecipe, mesh_fraction: float, seed: int) -> Memory:
        if os.getpid() != self.training and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Memory(recipe, mesh_fraction, seed)


class OnlyHere(DiesFirst):
    """What no other process can load, as if it had another version of the package."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise ImportError("the arm is of tomorrow")
