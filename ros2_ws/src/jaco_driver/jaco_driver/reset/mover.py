"""Follows a route: joint velocities that lead along straight lines in joint space, slower towards each posture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import JointSample, Vector, frozen_vector


@dataclass(frozen=True)
class MoverSettings:
    """`speed`: share of every joint's top speed; `gain`: speed per way left [1/s]; `tolerance`: a posture is reached [rad]."""

    speed: float
    gain: float = 3.0
    tolerance: float = 0.03
    standstill: float = 0.05
    """Joint speeds below this are rest [rad/s]."""


class Mover:
    """Knows the postures that are left. Each must be reached in turn."""

    def __init__(self, arm: Arm, settings: MoverSettings, route: tuple[Vector, ...]) -> None:
        self._arm, self._settings = arm, settings
        self._left = list(route)

    def velocity(self, sample: JointSample) -> Vector:
        """Returns what to command [rad/s], shape (n,), at the measured joints `sample`, in the arm's order."""
        while len(self._left) > 1 and self._way(sample) <= 2.0 * self._settings.tolerance:
            self._left.pop(0)
        way = self._left[0] - sample.position
        fastest = float((np.abs(way) / (self._settings.speed * self._arm.max_velocity)).max())
        # All joints arrive together: that keeps to the line that was checked.
        return frozen_vector(way * min(self._settings.gain, 1.0 / fastest if fastest > 0.0 else self._settings.gain))

    def arrived(self, sample: JointSample) -> bool:
        """Tells whether the arm rests in the last posture."""
        still = bool((np.abs(sample.velocity) <= self._settings.standstill).all())
        return len(self._left) == 1 and still and self._way(sample) <= self._settings.tolerance

    def remaining(self, sample: JointSample) -> tuple[str, float]:
        """Returns the joint that is farthest from the next posture, and how far [rad]."""
        way = np.abs(self._left[0] - sample.position)
        joint = int(np.argmax(way))
        return self._arm.joint_names[joint], float(way[joint])

    @property
    def left(self) -> int:
        """How many postures are left."""
        return len(self._left)

    def _way(self, sample: JointSample) -> float:
        return float(np.abs(self._left[0] - sample.position).max())
