"""What a policy saw, episode by episode, as its network reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jaco_core.errors import ConfigError
from jaco_policy.progressive import ColumnTap, ProgressiveNet

EPISODES_AT_ONCE = 10


@dataclass(frozen=True)
class Observations:
    """B episodes of at most T steps, simulated or recorded.

    `images`: uint8 RGB, shape (T, B, 64, 64, 3); `valid`, shape (T, B): False after an episode's end; `proprioception`: joint
    angles [rad], then velocities [rad/s], shape (T, B, inputs), None where no column reads it.
    """

    images: Tensor
    valid: Tensor
    proprioception: Tensor | None = None

    @staticmethod
    def of_episodes(
        images: Sequence[NDArray[np.uint8]], proprioception: Sequence[NDArray[np.floating]] | None = None
    ) -> Observations:
        """Puts episodes side by side: images of shape (steps, 64, 64, 3), proprioception of shape (steps, inputs) each.

        Raises:
            ConfigError: there is no observation among them.
        """
        lengths = [len(episode) for episode in images]
        if not sum(lengths):
            raise ConfigError(f"An analysis needs observations, got {len(lengths)} episodes without any.")
        valid = torch.arange(max(lengths))[:, None] < torch.tensor(lengths)
        felt = None if proprioception is None else _side_by_side(proprioception, max(lengths)).float()
        return Observations(_side_by_side(images, max(lengths)), valid, felt)

    @property
    def count(self) -> int:
        """How many observations there are."""
        return int(self.valid.sum())

    def parts(self) -> Iterator[Observations]:
        """Yields all episodes, a few at a time."""
        for first in range(0, self.valid.shape[1], EPISODES_AT_ONCE):
            some = slice(first, first + EPISODES_AT_ONCE)
            felt = None if self.proprioception is None else self.proprioception[:, some]
            yield Observations(self.images[:, some], self.valid[:, some], felt)

    def logits(self, network: ProgressiveNet, tap: ColumnTap | None = None) -> Tensor:
        """Returns the network's logits, shape (T * B, joints, choices), those after an episode's end among them."""
        start = torch.zeros_like(self.valid)
        state = network.initial_state(self.valid.shape[1])
        return network.trace(self.images, state, start, self.proprioception, tap)[0].logits


def _side_by_side(episodes: Sequence[NDArray[np.generic]], steps: int) -> Tensor:
    """Returns the episodes, filled up with zeros to `steps`, as one tensor of shape (steps, episodes, ...)."""
    joined = np.zeros((steps, len(episodes), *episodes[0].shape[1:]), episodes[0].dtype)
    for index, episode in enumerate(episodes):
        joined[: len(episode), index] = episode
    return torch.from_numpy(joined)
