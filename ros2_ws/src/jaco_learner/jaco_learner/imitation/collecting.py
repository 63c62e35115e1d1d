"""What arms see and what the expert would do there, while the expert, or the learner, moves them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jaco_core.types import EpisodeStatus
from jaco_learner.imitation.expert import Demonstration
from jaco_learner.rollouts import Actor
from jaco_policy.networks import Column
from jaco_sim.envs.batch import BatchStep
from jaco_tasks.actions import action_velocity


@dataclass(frozen=True)
class Shown:
    """N observations: `seen` (N, 64, 64, 3) uint8 or (N, s); the expert's `advice` (N, n) int8; palm and target (N, 2, 3) [m].

    `frames` were stepped for them; `ended`: the episodes of arms that the learner alone moved; `agreement`: the share of their
    joints' choices that the expert would have made, too.
    """

    seen: Tensor
    advice: Tensor
    position: Tensor
    frames: int
    ended: list[EpisodeStatus]
    agreement: float


def collect(
    demonstration: Demonstration, actor: Actor, frames: int, trials: int, share: float, rng: np.random.Generator
) -> Shown:
    """Steps the arms, new ones, for about `frames`.

    The learner alone moves the first `trials` arms; the expert moves each of the others at a share of their steps, drawn anew for
    each. Where that is 1, what the trials see is left out, since cloning learns on the expert's own way alone.
    """
    arms, advise = demonstration.arms, demonstration.advise
    kept = slice(trials if share == 1.0 else 0, None)
    shares = np.where(np.arange(arms.count) < trials, 0.0, share)
    parts: list[tuple[NDArray[np.generic], ...]] = []
    ended: list[EpisodeStatus] = []
    agreed: list[float] = []
    step = arms.reset(stagger=True)
    for _ in range(math.ceil(frames / arms.count)):
        advice, own = np.asarray(advise(step), np.int8), likeliest(actor, step)
        seen = step.image if isinstance(actor, Column) else step.state
        parts.append((seen[kept].copy(), advice[kept], np.stack((step.palm, step.target), axis=1)[kept]))
        agreed.append(float((own == advice)[:trials].mean()))
        by_expert = rng.random(arms.count) < shares
        step = arms.drive(action_velocity(arms.speeds, np.where(by_expert[:, None], advice, own)))
        # Both are in the order of the arms.
        indices = np.flatnonzero(step.terminated | step.truncated)
        ended += [status for index, status in zip(indices, step.ended, strict=True) if index < trials]
    seen_, advice_, position = (torch.from_numpy(np.concatenate(column)) for column in zip(*parts, strict=True))
    return Shown(seen_, advice_, position, len(parts) * arms.count, ended, float(np.mean(agreed)))


@torch.inference_mode()
def likeliest(actor: Actor, step: BatchStep) -> NDArray[np.int64]:
    """Returns the actor's likeliest action indices, shape (k, n)."""
    if isinstance(actor, Column):
        logits = actor(torch.from_numpy(step.image))[0].logits
    else:
        logits = actor(torch.from_numpy(step.state))
    return np.asarray(logits.argmax(-1).numpy())
