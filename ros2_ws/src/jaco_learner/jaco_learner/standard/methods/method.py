"""What the adapter asks of an algorithm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm

from jaco_learner.rollouts import Actor
from jaco_learner.standard.controls import Control
from jaco_learner.standard.environment import ArmVecEnv
from jaco_learner.standard.recipe import StandardRecipe


@dataclass(frozen=True)
class Order:
    """What an algorithm is made for. `speeds` [rad/s]: shape (n, choices); `progress` tells the share of the run that is over."""

    recipe: StandardRecipe
    environment: ArmVecEnv
    speeds: NDArray[np.float64]
    state_size: int
    progress: Callable[[], float]

    @property
    def shape(self) -> tuple[int, int]:
        """Joints, and choices of each."""
        joints, choices = self.speeds.shape
        return joints, choices

    def common(self) -> dict[str, Any]:
        """Returns the arguments that every algorithm of the library takes."""
        # The library's own progress is that of one segment.
        rate = lambda remaining: self.recipe.learning_rate_at(self.progress())  # noqa: E731
        return {"env": self.environment, "learning_rate": rate, "gamma": self.recipe.discount, "device": "cpu"}


@dataclass(frozen=True)
class Method:
    """An algorithm of the library. `told`: what its policy's card calls it; `figures`: our names of what its log tells.

    `control`: its actions, from the joints' speeds; `make`: a new learner; `actor`: the policy that it has come to, given the
    speeds.
    """

    told: str
    figures: Mapping[str, str]
    control: Callable[[NDArray[np.float64]], Control]
    make: Callable[[Order], BaseAlgorithm]
    actor: Callable[[Any, NDArray[np.float64]], Actor]
