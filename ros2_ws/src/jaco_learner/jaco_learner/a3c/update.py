"""One update of A3C, in the order of the paper's equations (Mnih et al. 2016, arXiv:1602.01783, algorithm S3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from jaco_learner.a3c.network import ActorCritic
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_policy.networks import LstmState, joint_log_probability


@dataclass(frozen=True)
class Experience:
    """T steps of N environments: image (T, N, 64, 64, 3), fresh (T, N), action (T, N, joints), reward and done (T, N).

    `state`: the LSTM's before the first step; `last_value` (N,): of what came after the last step. Where there are
    such heads: `depth` (T, N, cells), `closed` (T, N).
    """

    image: Tensor
    fresh: Tensor
    action: Tensor
    reward: Tensor
    done: Tensor
    state: LstmState
    last_value: Tensor
    depth: Tensor | None
    closed: Tensor | None


@dataclass(frozen=True)
class Losses:
    """Means over an update. `depth` and `closure`: cross-entropy [nat], 0 without such a head."""

    policy: float
    value: float
    entropy: float
    depth: float
    closure: float


def advantages(reward: Tensor, done: Tensor, value: Tensor, discount: float, trace: float) -> Tensor:
    """Returns how much better than expected each step was, (T, N). `value`: (T + 1, N).

    `trace` 1 gives the paper's: rewards up to the last step, then the critic's word, less the value. Below 1, as in Schulman
    et al. 2016 (arXiv:1506.02438), the critic's word on nearer steps counts too, with weights that fall as trace^k. The time
    limit is part of the task, so nothing comes after an episode's end.
    """
    going_on = 1.0 - done.float()
    delta = reward + discount * value[1:] * going_on - value[:-1]
    advantage = torch.empty_like(delta)
    total = torch.zeros_like(delta[0])
    for step in reversed(range(len(delta))):
        total = delta[step] + discount * trace * going_on[step] * total
        advantage[step] = total
    return advantage


def loss_of(network: ActorCritic, seen: Experience, recipe: A3cRecipe, progress: float) -> tuple[Tensor, Losses]:
    """Returns the loss whose gradient a worker applies, and its parts."""
    answer = network.unroll(seen.image, seen.state, seen.fresh)
    value = answer.value.view_as(seen.reward)
    expected = torch.cat((value.detach(), seen.last_value[None]))
    advantage = advantages(seen.reward, seen.done, expected, recipe.discount, recipe.trace)
    log_probability = joint_log_probability(answer.logits, seen.action.flatten(0, 1))
    policy_loss = -(log_probability * advantage.flatten()).mean()
    value_loss = (advantage + expected[:-1] - value).square().mean()
    log_all = torch.log_softmax(answer.logits, -1)
    entropy = -(log_all.exp() * log_all).sum((-2, -1)).mean()
    loss = policy_loss + recipe.value_weight * value_loss - recipe.entropy_at(progress) * entropy
    depth_loss = closure_loss = torch.zeros(())
    if answer.depth is not None and seen.depth is not None:
        depth_loss = functional.cross_entropy(answer.depth, seen.depth.flatten(0, 1))
        loss = loss + recipe.depth_weight * depth_loss
    if answer.closure is not None and seen.closed is not None:
        closure_loss = functional.binary_cross_entropy_with_logits(answer.closure, seen.closed.flatten().float())
        loss = loss + recipe.closure_weight * closure_loss
    parts = torch.stack((policy_loss, value_loss, entropy, depth_loss, closure_loss)).detach()
    return loss, Losses(*parts.tolist())
