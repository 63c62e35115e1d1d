"""What was seen and done, by the expert or by the learner, and how much of an episode an early end took away."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Visits:
    """N steps: `state` (N, s) float32, `action` (N, n) uint8, indices into each joint's speeds, and `lost` (N,) int64.

    `lost`: how many steps were left of the episode that ended early with this one, 0 for all others.
    """

    state: Tensor
    action: Tensor
    lost: Tensor

    @property
    def absorbed(self) -> int:
        """How many steps were lost in all."""
        return int(self.lost.sum())


class KeptVisits(nn.Module):
    """A fixed number of visits that are saved and loaded as weights are, but never learned."""

    state: Tensor
    action: Tensor
    lost: Tensor

    def __init__(self, count: int, state_size: int, joints: int) -> None:
        super().__init__()
        self.register_buffer("state", torch.zeros(count, state_size))
        self.register_buffer("action", torch.zeros(count, joints, dtype=torch.uint8))
        self.register_buffer("lost", torch.zeros(count, dtype=torch.int64))

    def keep(self, visits: Visits) -> None:
        """Takes `visits`, as many as there are to be."""
        self.load_state_dict({"state": visits.state, "action": visits.action, "lost": visits.lost})

    @property
    def visits(self) -> Visits:
        """What is kept."""
        return Visits(self.state, self.action, self.lost)
