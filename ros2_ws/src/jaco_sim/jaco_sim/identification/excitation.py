"""Motions that show what a joint's servo does: velocities that change at random times, about where the arm stands."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_sim.identification.record import Array

# Long enough to reach a steady velocity, short enough for many changes in a minute.
_HOLD_S = (0.15, 0.9)
_REACH, _FINGER_REACH = 0.7, 0.35
_SPEED_SHARE = 0.8


class Excitation:
    """Proposes joint velocities about the posture where it began. They are proposals: a safety filter has the last word.

    Random steps excite all frequencies that a servo follows; see Ljung, System Identification, 2nd ed., section 13.3.
    """

    def __init__(self, arm: Arm, centre: Vector, seed: int, extent: float = 1.0) -> None:
        """`centre`: joint angles [rad], shape (n,); `extent`: share of speeds and reach."""
        self._limit = extent * _SPEED_SHARE * arm.max_velocity
        self._rng = np.random.default_rng(np.random.SeedSequence(seed))
        bounded = np.array([joint.upper - joint.lower for joint in arm.joints])
        reach = extent * np.where(bounded < 2.0, _FINGER_REACH, _REACH)
        self._lower, self._upper = centre - reach, centre + reach
        self._velocity: Array = np.zeros(len(arm))
        self._until: Array = np.zeros(len(arm))

    def velocity(self, seconds: float, position: Vector) -> Vector:
        """Returns what to propose [rad/s], shape (n,), `seconds` after the start with the joints at `position` [rad]."""
        due = seconds >= self._until
        limit = self._limit
        drawn, hold = self._rng.uniform(-limit, limit), self._rng.uniform(*_HOLD_S, len(limit))
        self._velocity = np.where(due, drawn, self._velocity)
        self._until = np.where(due, seconds + hold, self._until)
        outward = ((position > self._upper) & (self._velocity > 0.0)) | ((position < self._lower) & (self._velocity < 0.0))
        self._velocity = np.where(outward, -self._velocity, self._velocity)
        return np.array(self._velocity)
