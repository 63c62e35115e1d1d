"""What arms see and what the expert would do there, while the expert, or the learner, moves them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_core.types import EpisodeStatus
from jaco_learner.imitation.expert import Demonstration
from jaco_learner.rollouts import Actor
from jaco_learner.standard.arms import Arms
from jaco_policy.networks import Column
from jaco_sim.envs.batch import BatchStep
from jaco_tasks.actions import action_velocity

FIELDS = ("seen", "felt", "advice", "position")
"""Of what was shown, what is learned from: the arrays of `Shown`."""


@dataclass(frozen=True)
class Shown:
    """N observations: `seen` (N, 64, 64, c) uint8 or (N, s); joint angles and velocities that are read, `felt` (N, inputs).

    Beside them the expert's `advice` (N, n) int8, and where palm and target are, `position` (N, 2, 3) [m].
    `frames` were stepped for them; `ended`: the episodes of arms that the learner alone moved; `agreement`: the share of their
    joints' choices that the expert would have made, too.
    """

    seen: NDArray[np.generic]
    felt: NDArray[np.float32]
    advice: NDArray[np.int8]
    position: NDArray[np.float32]
    frames: int
    ended: list[EpisodeStatus]
    agreement: float

    @staticmethod
    def join(parts: list[Shown]) -> Shown:
        """Returns what several processes have seen, one after another."""
        fields = {name: np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS}
        ended = [status for part in parts for status in part.ended]
        agreement = float(np.mean([part.agreement for part in parts]))
        return Shown(**fields, frames=sum(part.frames for part in parts), ended=ended, agreement=agreement)


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
        felt = _felt(actor, arms)
        advice, own = np.asarray(advise(step), np.int8), likeliest(actor, step, felt)
        seen = step.image if isinstance(actor, Column) else step.state
        parts.append(tuple(part[kept].copy() for part in (seen, felt, advice, np.stack((step.palm, step.target), axis=1))))
        agreed.append(float((own == advice)[:trials].mean()))
        by_expert = rng.random(arms.count) < shares
        step = arms.drive(action_velocity(arms.speeds, np.where(by_expert[:, None], advice, own)))
        # Both are in the order of the arms.
        indices = np.flatnonzero(step.terminated | step.truncated)
        ended += [status for index, status in zip(indices, step.ended, strict=True) if index < trials]
    fields: dict[str, Any] = {name: np.concatenate(column) for name, column in zip(FIELDS, zip(*parts, strict=True), strict=True)}
    return Shown(**fields, frames=len(parts) * arms.count, ended=ended, agreement=float(np.mean(agreed)))


def _felt(actor: Actor, arms: Arms) -> NDArray[np.float32]:
    """Returns joint angles [rad], then velocities [rad/s], shape (k, 2n), where the actor reads them; (k, 0) where not."""
    if isinstance(actor, Column) and actor.spec.inputs:
        return arms.joints.astype(np.float32)
    return np.zeros((arms.count, 0), np.float32)


@torch.inference_mode()
def likeliest(actor: Actor, step: BatchStep, felt: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns the actor's likeliest action indices, shape (k, n). `felt`: (k, inputs)."""
    if isinstance(actor, Column):
        logits = actor(torch.from_numpy(step.image), None, torch.from_numpy(felt))[0].logits
    else:
        logits = actor(torch.from_numpy(step.state))
    return np.asarray(logits.argmax(-1).numpy())
