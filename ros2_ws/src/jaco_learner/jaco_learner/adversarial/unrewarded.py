"""Arms that tell no reward of the task's: who imitates must not see it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jaco_learner.standard.arms import Arms
from jaco_sim.envs.batch import BatchStep


class Unrewarded:
    """Arms in whose steps, in the reward's place, stands how many steps an episode of `horizon` steps lost by an early end.

    How an episode went is still told of those that ended: for the record, not for learning.
    """

    def __init__(self, arms: Arms, horizon: int) -> None:
        self._arms, self._horizon = arms, horizon
        self.count, self.speeds, self.state_size = arms.count, arms.speeds, arms.state_size

    @property
    def joints(self) -> NDArray[np.float64]:
        """Joint angles [rad], then velocities [rad/s], shape (k, 2n)."""
        return self._arms.joints

    def reset(self, seeds: list[int] | None = None, stagger: bool = False) -> BatchStep:
        """Starts an episode everywhere."""
        return self._told(self._arms.reset(seeds, stagger))

    def drive(self, velocity: NDArray[np.floating]) -> BatchStep:
        """Takes one control step towards joint velocities [rad/s] of shape (k, n)."""
        return self._told(self._arms.drive(velocity))

    def close(self) -> None:
        """Releases what draws."""
        self._arms.close()

    def _told(self, step: BatchStep) -> BatchStep:
        lost = np.zeros(self.count, np.float32)
        # Both are in the order of the arms.
        for index, status in zip(np.flatnonzero(step.terminated | step.truncated), step.ended, strict=True):
            lost[index] = self._horizon - status.step if step.terminated[index] else 0
        return replace(step, reward=lost)
