"""Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) from pixels, in the order of the paper's equations.

Three helpers exist in training only: an auxiliary head that predicts where palm and target are (auxiliary losses: Jaderberg et
al. 2017, arXiv:1611.05397), a critic on the simulator's state (Pinto et al. 2018, arXiv:1710.06542), and a guide that knows that
state and is imitated at first, with a weight that falls to zero (kickstarting: Schmitt et al. 2018, arXiv:1803.03835).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jaco_learner.recipe import Recipe, Weights
from jaco_learner.rollouts import Actor, Rollout
from jaco_learner.teacher import Critic
from jaco_policy.networks import Column, ColumnOutput, chosen_log_probability
from jaco_policy.spans import in_spans

# The dual clip of Ye et al. 2020 (arXiv:1912.09729).
_LARGEST_RATIO = 3.0


@dataclass(frozen=True)
class UpdateReport:
    """Means over an update. Errors in m; `imitation`: negative log-likelihood of the guide's action [nat], 0 when not asked."""

    policy_loss: float
    value_loss: float
    entropy: float
    divergence: float
    clipped: float
    palm_error: float
    target_error: float
    imitation: float


class Ppo:
    """Improves an actor with rollouts of its own actions."""

    def __init__(self, actor: Actor, critic: Critic, recipe: Recipe) -> None:
        self.actor, self.critic, self.recipe = actor, critic, recipe
        self.parameters = [*actor.parameters(), *critic.parameters()]
        self.optimiser = torch.optim.Adam(self.parameters, lr=recipe.learning_rate, eps=1e-5, fused=True)
        self._centred = torch.empty(0, dtype=torch.bfloat16)

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
        """Improves actor and critic. `progress` in 0..1 sets the learning rate and the weights of the losses."""
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate + progress * (recipe.final_learning_rate - recipe.learning_rate)
        weights = recipe.weights_at(progress)
        advantage, returns = self.advantages(rollout)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        reports: list[Tensor] = []
        for batch in self._minibatches(rollout, advantage, returns):
            loss, report = self._loss(batch, weights)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.parameters, recipe.gradient_norm)
            self.optimiser.step()
            reports.append(report)
        return UpdateReport(*torch.stack(reports).mean(0).tolist())

    def _loss(self, batch: _Minibatch, weights: Weights) -> tuple[Tensor, Tensor]:
        """Returns the loss, and what `UpdateReport` holds."""
        recipe, none = self.recipe, torch.zeros(())
        output = batch.forward(self.actor)
        logits = output.logits if isinstance(output, ColumnOutput) else output
        log_probabilities = torch.log_softmax(logits, -1)
        entropy = -(log_probabilities.exp() * log_probabilities).sum((-2, -1)).mean()
        log_ratio = chosen_log_probability(log_probabilities, batch.action) - batch.log_probability
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1.0 - recipe.clip, 1.0 + recipe.clip)
        gain = torch.min(ratio * batch.advantage, clipped * batch.advantage)
        # The paper's objective has no lower bound: an action that became likely in spite of a bad outcome outweighs the rest.
        policy_loss = -torch.max(gain, -_LARGEST_RATIO * batch.advantage.abs()).mean()
        value_loss = (self.critic(batch.state) - batch.returns).square().mean()
        imitation = -chosen_log_probability(log_probabilities, batch.advice).mean() if weights.imitation > 0.0 else none
        loss = weights.policy * policy_loss - weights.entropy * entropy + 0.5 * value_loss + weights.imitation * imitation
        error = torch.zeros(1, 2)
        if isinstance(output, ColumnOutput):
            pixel_value_loss = (output.value - batch.returns).square().mean()
            error = (output.auxiliary - batch.position).square().sum(-1)
            loss = loss + 0.5 * pixel_value_loss + recipe.auxiliary_weight * error.sum(-1).mean()
        with torch.no_grad():
            palm, target = error.sqrt().mean(0)
            divergence = (ratio - 1.0 - log_ratio).mean()
            share = ((ratio - 1.0).abs() > recipe.clip).float().mean()
            return loss, torch.stack((policy_loss, value_loss, entropy, divergence, share, palm, target, imitation))

    def _seen(self, image: Tensor) -> Tensor:
        """Returns the images centred once for all epochs, as a column reads them fastest; a teacher's as they are."""
        if not isinstance(self.actor, Column):
            return image
        if self._centred.shape != image.shape:
            self._centred = torch.empty(image.shape, dtype=torch.bfloat16)
        for there, here in zip(self._centred, image, strict=True):
            there.copy_(self.actor.centred(here))
        return in_spans(self._centred, self.actor.spec.span)

    def _minibatches(self, rollout: Rollout, advantage: Tensor, returns: Tensor) -> Iterator[_Minibatch]:
        """Yields the rollout in random parts, `epochs` times, each for as long as the next one is not asked for.

        With an LSTM a part is whole sequences, without single steps.
        """
        steps = len(rollout.reward) if self.recipe.lstm else 1
        fields = {
            "image": self._seen(rollout.image),
            "state": rollout.state[:-1],
            "start": rollout.start,
            "action": rollout.action,
            "log_probability": rollout.log_probability,
            "position": rollout.position,
            "advice": rollout.advice,
            "advantage": advantage,
            "returns": returns,
        }
        columns = rollout.reward.numel() // steps
        fields = {name: tensor.reshape(steps, columns, *tensor.shape[2:]) for name, tensor in fields.items()}
        size = min(columns, max(1, self.recipe.minibatch // steps))
        image = fields.pop("image")
        # By far the largest field: it is put where the last part's was, not into new memory.
        shown = image.new_empty((steps, size, *image.shape[2:]))
        for _ in range(self.recipe.epochs):
            for index in torch.split(torch.randperm(columns), size):
                seen = torch.index_select(image, 1, index, out=shown if len(index) == size else None)
                part = {name: tensor.index_select(1, index) for name, tensor in fields.items()}
                lstm = (rollout.lstm[0, index], rollout.lstm[1, index]) if self.recipe.lstm else None
                flat = {name: part[name].flatten(0, 1) for name in part if name != "start"}
                yield _Minibatch(image=seen, start=part["start"], lstm=lstm, **flat)


@dataclass(frozen=True)
class _Minibatch:
    """Sequences of T steps, B of them: spans of images (T, B, ...) and start (T, B); everything else flat, (T * B, ...)."""

    image: Tensor
    start: Tensor
    lstm: tuple[Tensor, Tensor] | None
    state: Tensor
    action: Tensor
    log_probability: Tensor
    position: Tensor
    advice: Tensor
    advantage: Tensor
    returns: Tensor

    def forward(self, actor: Actor) -> ColumnOutput | Tensor:
        """Runs a column on the images, in half precision where that pays, or a teacher on the states: its logits."""
        if not isinstance(actor, Column):
            logits: Tensor = actor(self.state)
            return logits
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return actor.unroll(self.image, self.lstm, self.start)
