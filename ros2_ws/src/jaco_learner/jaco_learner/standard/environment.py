"""Arms as the rows of a batch that Stable-Baselines3 wants."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from jaco_core.types import EpisodeStatus
from jaco_learner.standard.arms import Arms
from jaco_learner.standard.controls import Control
from jaco_sim.envs.batch import BatchStep
from jaco_sim.envs.pictures import IMAGE_SIZE

PIXELS = IMAGE_SIZE * IMAGE_SIZE * 3


class ArmVecEnv(VecEnv):
    """What each arm sees, flat, and does by `control`; ended episodes restart.

    It sees pixels (12,288 of uint8) or the simulator's state (s of float32).

    Where an arm is several rows, each has its number among them as a further element, the last one.

    What an episode's last observation was is not told: the time limit is part of the task, so nothing comes after it.
    """

    def __init__(self, arms: Arms, control: Control, pixels: bool) -> None:
        self._arms, self.control, self._pixels = arms, control, pixels
        self._ended: list[EpisodeStatus] = []
        size = (PIXELS if pixels else arms.state_size) + (control.rows > 1)
        low, high, kind = (0, 255, np.uint8) if pixels else (-np.inf, np.inf, np.float32)
        space = gymnasium.spaces.Box(low, high, (size,), kind)
        self._rows = np.tile(np.arange(control.rows, dtype=space.dtype), arms.count)[:, None]
        super().__init__(arms.count * control.rows, space, control.space)

    @property
    def rows(self) -> int:
        """How many rows an arm is."""
        return self.control.rows

    def begin(self, arms: Arms) -> None:
        """Goes on with other arms, as many; the next `reset` starts their episodes."""
        self._arms.close()
        self._arms = arms

    def take_ended(self) -> list[EpisodeStatus]:
        """Returns the episodes that ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def wander(self, steps: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Lets the arms do anything; returns the states that they saw, (steps * k, s), and the images, (steps * k, 64, 64, 3)."""
        seen = [self._arms.reset(stagger=True)]
        fastest = self._arms.speeds[:, -1]
        for _ in range(steps - 1):
            seen.append(self._arms.drive(rng.uniform(-fastest, fastest, (self._arms.count, len(fastest)))))
        return np.concatenate([step.state for step in seen]), np.concatenate([step.image for step in seen])

    def reset(self) -> NDArray[Any]:
        """Returns the first observations, shape (rows, size)."""
        return self._observed(self._arms.reset(stagger=True))

    def step_async(self, actions: NDArray[Any]) -> None:
        """Remembers the actions."""
        self._actions = actions

    def step_wait(self) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Returns observations, rewards and whose episode ended, by row, and nothing else."""
        step = self._arms.drive(self.control.velocity(self._actions))
        self._ended += step.ended
        done = step.terminated | step.truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        return self._observed(step), np.repeat(step.reward, self.rows), np.repeat(done, self.rows), infos

    def close(self) -> None:
        """Releases what draws."""
        self._arms.close()

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]], indices: Any = None) -> list[bool]:
        """There are no single environments to wrap."""
        return [False] * self.num_envs

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Returns the attribute of the arms, once for each row; None where they have none."""
        return [getattr(self._arms, attr_name, None)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """There are no single environments to change."""
        raise NotImplementedError("A batch of arms has no single environments to change.")

    def env_method(self, method_name: str, *arguments: Any, indices: Any = None, **more: Any) -> list[Any]:
        """There are no single environments to ask."""
        raise NotImplementedError("A batch of arms has no single environments to ask.")

    def _observed(self, step: BatchStep) -> NDArray[Any]:
        seen = step.image.reshape(len(step.image), -1) if self._pixels else step.state
        return seen if self.rows == 1 else np.hstack((np.repeat(seen, self.rows, axis=0), self._rows))
