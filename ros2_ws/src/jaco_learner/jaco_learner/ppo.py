"""Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) from pixels, in the order of the paper's equations.

Two helpers exist in training only: an auxiliary head that predicts where palm and target are (auxiliary losses: Jaderberg et al.
2017, arXiv:1611.05397), and a critic on the simulator's state (Pinto et al. 2018, arXiv:1710.06542).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jaco_learner.recipe import Recipe
from jaco_learner.rollouts import Rollout
from jaco_policy.networks import Column, ColumnOutput, joint_log_probability


class Critic(nn.Module):
    """The value of the simulator's state, shape (..., s) -> (...)."""

    def __init__(self, state_size: int, hidden: int = 256) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(state_size, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1)
        )

    def forward(self, state: Tensor) -> Tensor:
        """Returns the expected discounted return, shape (...)."""
        value: Tensor = self.layers(state).squeeze(-1)
        return value


@dataclass(frozen=True)
class UpdateReport:
    """Means over an update. Errors in m."""

    policy_loss: float
    value_loss: float
    entropy: float
    divergence: float
    clipped: float
    palm_error: float
    target_error: float


class Ppo:
    """Improves a column with rollouts of its own actions."""

    def __init__(self, column: Column, state_size: int, recipe: Recipe) -> None:
        self.column, self.recipe = column, recipe
        self.critic = Critic(state_size)
        self._parameters = [*column.parameters(), *self.critic.parameters()]
        self._optimiser = torch.optim.Adam(self._parameters, lr=recipe.learning_rate, eps=1e-5)

    def advantages(self, rollout: Rollout) -> tuple[Tensor, Tensor]:
        """Returns generalised advantages (Schulman et al. 2016, arXiv:1506.02438) and returns, each (T, N).

        The time limit is part of the task and the critic sees the clock, so an episode's last value is zero either way.
        """
        with torch.no_grad():
            value = self.critic(rollout.state)
        going_on = 1.0 - rollout.done.float()
        delta = rollout.reward + self.recipe.discount * value[1:] * going_on - value[:-1]
        advantage = torch.zeros_like(delta)
        trace = torch.zeros_like(delta[0])
        for step in reversed(range(len(delta))):
            trace = delta[step] + self.recipe.discount * self.recipe.trace * going_on[step] * trace
            advantage[step] = trace
        return advantage, advantage + value[:-1]

    def update(self, rollout: Rollout, progress: float) -> UpdateReport:
        """Improves column and critic. `progress` in 0..1 sets learning rate and entropy bonus."""
        recipe = self.recipe
        for group in self._optimiser.param_groups:
            group["lr"] = recipe.learning_rate + progress * (recipe.final_learning_rate - recipe.learning_rate)
        entropy_weight = recipe.entropy + progress * (recipe.final_entropy - recipe.entropy)
        advantage, returns = self.advantages(rollout)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        reports: list[Tensor] = []
        for batch in self._minibatches(rollout, advantage, returns):
            output = batch.forward(self.column)
            log_probabilities = torch.log_softmax(output.logits, -1)
            entropy = -(log_probabilities.exp() * log_probabilities).sum((-2, -1)).mean()
            log_ratio = joint_log_probability(output.logits, batch.action) - batch.log_probability
            ratio = log_ratio.exp()
            clipped = ratio.clamp(1.0 - recipe.clip, 1.0 + recipe.clip)
            policy_loss = -torch.min(ratio * batch.advantage, clipped * batch.advantage).mean()
            value_loss = (self.critic(batch.state) - batch.returns).square().mean()
            pixel_value_loss = (output.value - batch.returns).square().mean()
            error = (output.auxiliary - batch.position).square().sum(-1)
            auxiliary_loss = recipe.auxiliary_weight * error.sum(-1).mean()
            loss = policy_loss - entropy_weight * entropy + 0.5 * value_loss + 0.5 * pixel_value_loss + auxiliary_loss
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self._parameters, recipe.gradient_norm)
            self._optimiser.step()
            divergence = (ratio - 1.0 - log_ratio).mean()
            share = ((ratio - 1.0).abs() > recipe.clip).float().mean()
            palm, target = error.sqrt().mean(0)
            reports.append(torch.stack((policy_loss, value_loss, entropy, divergence, share, palm, target)).detach())
        return UpdateReport(*torch.stack(reports).mean(0).tolist())

    def _minibatches(self, rollout: Rollout, advantage: Tensor, returns: Tensor) -> Iterator[_Minibatch]:
        """Yields the rollout in random parts, `epochs` times. With an LSTM a part is whole sequences, without single steps."""
        steps = len(rollout.reward) if self.recipe.lstm else 1
        fields = {
            "image": rollout.image,
            "state": rollout.state[:-1],
            "start": rollout.start,
            "action": rollout.action,
            "log_probability": rollout.log_probability,
            "position": rollout.position,
            "advantage": advantage,
            "returns": returns,
        }
        fields = {name: tensor.reshape(steps, -1, *tensor.shape[2:]) for name, tensor in fields.items()}
        columns = fields["returns"].shape[1]
        size = max(1, self.recipe.minibatch // steps)
        for _ in range(self.recipe.epochs):
            for index in torch.split(torch.randperm(columns), size):
                part = {name: tensor[:, index] for name, tensor in fields.items()}
                lstm = (rollout.lstm[0, index], rollout.lstm[1, index]) if self.recipe.lstm else None
                flat = {name: part[name].flatten(0, 1) for name in part if name not in ("image", "start")}
                yield _Minibatch(image=part["image"], start=part["start"], lstm=lstm, **flat)


@dataclass(frozen=True)
class _Minibatch:
    """Sequences of T steps, B of them: image (T, B, ...) and start (T, B); everything else flat, (T * B, ...)."""

    image: Tensor
    start: Tensor
    lstm: tuple[Tensor, Tensor] | None
    state: Tensor
    action: Tensor
    log_probability: Tensor
    position: Tensor
    advantage: Tensor
    returns: Tensor

    def forward(self, column: Column) -> ColumnOutput:
        """Runs the column in half precision where that pays."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return column.unroll(self.image, self.lstm, self.start)
