"""A critic that values a choice of speed per joint: one value, and what each speed of each joint adds to it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jaco_learner.teacher import Scaling


class BranchingCritic(nn.Module):
    """Q(s, a) = v(s) + sum over joints j of q_j(s, a_j), on states of shape (N, s).

    As in Tavakoli et al. 2018 (arXiv:1711.08946), a branch per joint in place of 3^9 actions; here the branches add up, since
    each joint's speed adds its share to the palm's. Layer normalisation keeps it from extrapolating steeply where there are no
    data (Ball et al. 2023, arXiv:2302.02948).
    """

    def __init__(self, state_size: int, joints: int, choices: int, hidden: int) -> None:
        super().__init__()
        self.joints, self.choices = joints, choices
        self.scaling = Scaling(state_size)
        self.layers = nn.Sequential(
            nn.Linear(state_size, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
        )
        self.value, self.branches = nn.Linear(hidden, 1), nn.Linear(hidden, joints * choices)
        nn.init.zeros_(self.branches.weight)
        nn.init.zeros_(self.branches.bias)

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns v, shape (N,), and q, shape (N, joints, choices)."""
        hidden = self.layers(self.scaling(state))
        return self.value(hidden).squeeze(-1), self.branches(hidden).view(-1, self.joints, self.choices)

    def of_action(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Returns Q of action indices (N, joints), shape (N,), and all q, shape (N, joints, choices)."""
        value, branches = self(state)
        return value + branches.gather(-1, action[..., None]).squeeze(-1).sum(-1), branches

    def of_policy(self, state: Tensor, probability: Tensor) -> Tensor:
        """Returns the mean of Q, shape (N,), over actions of `probability`, shape (N, joints, choices)."""
        value, branches = self(state)
        mean: Tensor = value + (probability * branches).sum((-1, -2))
        return mean


def make_critics(count: int, state_size: int, joints: int, choices: int, hidden: int) -> nn.ModuleList:
    """Returns `count` critics that differ by their start."""
    return nn.ModuleList(BranchingCritic(state_size, joints, choices, hidden) for _ in range(count))


def each_of(critics: nn.ModuleList) -> list[BranchingCritic]:
    """Returns the critics one by one."""
    return [critic for critic in critics if isinstance(critic, BranchingCritic)]


def mean_of(values: list[Tensor]) -> Tensor:
    """Returns the critics' mean."""
    return torch.stack(values).mean(0)
