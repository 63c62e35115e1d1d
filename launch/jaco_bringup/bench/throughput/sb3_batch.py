"""The batch of environments as Stable-Baselines3 wants them."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from jaco_sim.envs.batch import IMAGE_SIZE, BatchEnv


class BatchVecEnv(VecEnv):
    """Pictures in, action indices out; ended episodes restart by themselves. What an episode's last picture was is not told."""

    def __init__(self, batch: BatchEnv) -> None:
        joints, choices = batch.speeds.shape
        pictures = gymnasium.spaces.Box(0, 255, (IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
        self._batch = batch
        super().__init__(batch.count, pictures, gymnasium.spaces.MultiDiscrete([choices] * joints))

    def reset(self) -> NDArray[np.uint8]:
        """Returns the first pictures, shape (k, 64, 64, 3)."""
        return self._batch.reset(stagger=True).image

    def step_async(self, actions: NDArray[np.integer]) -> None:
        """Remembers the actions, shape (k, n)."""
        self._actions = actions

    def step_wait(self) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Returns pictures, rewards, whose episode ended, and nothing else."""
        step = self._batch.step(self._actions)
        return step.image, step.reward, step.terminated | step.truncated, [{} for _ in range(self.num_envs)]

    def close(self) -> None:
        """Releases the renderer."""
        self._batch.close()

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]], indices: Any = None) -> list[bool]:
        """There are no single environments to wrap."""
        return [False] * self.num_envs

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Returns the batch's attribute, once for each environment."""
        return [getattr(self._batch, attr_name, None)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """There are no single environments to change."""
        raise NotImplementedError("A batch has no single environments to change.")

    def env_method(self, method_name: str, *arguments: Any, indices: Any = None, **more: Any) -> list[Any]:
        """There are no single environments to ask."""
        raise NotImplementedError("A batch has no single environments to ask.")
