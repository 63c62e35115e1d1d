"""What the learner learns from: steps of one episode that follow each other without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import RgbImage, Vector

NOTHING: Vector = np.zeros(0)


@dataclass(frozen=True)
class Transition:
    """One step. `action`: per joint the index of the speed that was applied, shape (n,); `reward`: of the observation after it.

    `log_probability`: of the action under the weights that chose it, None when something else was applied than was chosen.
    `proprioception`: joint angles [rad], then velocities [rad/s], shape (2n,). `version`: of the weights that acted.
    `known`: what only learning knows, the velocities that were applied before [rad/s], then the task's objects [m], (n + 3k,).
    `corrected`: an operator moved the arm in place of the policy; `action` is what the policy should have chosen for that.
    """

    stamp_ns: int
    episode: int
    step: int
    version: int
    image: RgbImage
    proprioception: Vector
    action: NDArray[np.int64]
    log_probability: float | None
    reward: float
    known: Vector = field(default_factory=lambda: NOTHING)
    corrected: bool = False


@dataclass(frozen=True)
class Run:
    """Transitions one after the other, all corrected or none, and the observation after the last of them.

    `terminated`: the task ended there (contact, joint limit), so no more could have been earned; a time limit is no such end.
    `complete`: this is a whole episode from its first step to its end.
    """

    transitions: tuple[Transition, ...]
    final_image: RgbImage
    final_proprioception: Vector
    terminated: bool
    complete: bool
    final_known: Vector = field(default_factory=lambda: NOTHING)

    @property
    def corrected(self) -> bool:
        """Tells whether an operator moved the arm."""
        return self.transitions[0].corrected

    @property
    def total_reward(self) -> float:
        """The undiscounted sum of rewards."""
        return sum(transition.reward for transition in self.transitions)


def judged_ahead(run: Run, discount: float, horizon: int) -> Iterator[tuple[int, float, float]]:
    """Yields for each step which observation it is judged by, the discounted rewards until then, and the discount there.

    It is `horizon` steps ahead, or the run's last; the discount is 0 where the task has ended.
    """
    rewards = [step.reward for step in run.transitions]
    for step in range(len(rewards)):
        last = min(step + horizon, len(rewards))
        total = sum(discount**ahead * reward for ahead, reward in enumerate(rewards[step:last]))
        ended = run.terminated and last == len(rewards)
        yield last, total, 0.0 if ended else discount ** (last - step)
