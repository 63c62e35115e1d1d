"""The memory of joints that are agents: what an arm saw is kept once, not once for each of its joints."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import Tensor


class JointReplay(ReplayBuffer):
    """Of arms with `joints` rows each. A sample is of one joint, drawn at random, of an arm at a step."""

    def __init__(
        self,
        buffer_size: int,
        observation_space: gymnasium.spaces.Box,
        action_space: gymnasium.spaces.Discrete,
        device: Any = "auto",
        n_envs: int = 1,
        joints: int = 1,
        **more: Any,
    ) -> None:
        """`buffer_size`: frames, each a step of one arm; `n_envs`: rows."""
        self._joints = joints
        low, high = observation_space.low[:-1], observation_space.high[:-1]
        seen = gymnasium.spaces.Box(low, high, dtype=observation_space.dtype.type)
        all_joints = gymnasium.spaces.MultiDiscrete([int(action_space.n)] * joints)
        super().__init__(buffer_size, seen, all_joints, device, n_envs // joints, **more)

    def add(
        self,
        obs: NDArray[Any],
        next_obs: NDArray[Any],
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """Keeps a step of every arm, given by row."""
        one = slice(None, None, self._joints)
        super().add(obs[one, :-1], next_obs[one, :-1], action, reward[one], done[one], infos[one])

    def _get_samples(self, batch_inds: NDArray[np.integer], env: Any = None) -> ReplayBufferSamples:
        sample = super()._get_samples(batch_inds, env)
        joint = self.to_torch(np.random.randint(self._joints, size=(len(batch_inds), 1)))  # noqa: NPY002 (as the library draws)
        return sample._replace(
            observations=_with(sample.observations, joint),
            next_observations=_with(sample.next_observations, joint),
            actions=sample.actions.gather(1, joint),
        )


def _with(seen: Tensor, joint: Tensor) -> Tensor:
    """Returns observations, shape (B, size), with the joint's number, shape (B, 1), after them."""
    return torch.cat((seen, joint.to(seen.dtype)), dim=1)
