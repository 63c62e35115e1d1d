"""Between the arm's joints (rad, unwrapped) and the vendor's actuators (deg, 0..360) and gripper (0..1, +1 opens)."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.models.robotiq_2f_85 import FULL_SPEED
from jaco_core.types import Vector, frozen_vector


class JointMap:
    """Knows which joints are actuators and which one, if any, is the gripper. Remembers turns, so it belongs to one thread.

    Actuators are the joints of kind "arm", in their order. One joint of another kind may follow: the gripper, open at its lower
    limit and closed at its upper one.
    """

    def __init__(self, arm: Arm) -> None:
        """Raises ContractError: the arm has joints that a Kortex arm cannot have."""
        kinds = [joint.kind for joint in arm.joints]
        self.count = kinds.count("arm")
        self.has_gripper = len(kinds) == self.count + 1
        if self.count not in (6, 7) or len(kinds) > self.count + 1 or "arm" in kinds[self.count :]:
            raise ContractError(
                f"A Kortex arm has 6 or 7 joints and at most one gripper behind them; arm '{arm.name}' has the kinds "
                f"{', '.join(kinds)}. The Jaco gen2 does not speak Kortex."
            )
        self._arm = arm
        self._continuous = ~np.isfinite(arm.upper[: self.count] - arm.lower[: self.count])
        self._last: Vector | None = None
        self._closed = (0.0, 0.0)

    def speeds_deg(self, velocity: Vector) -> list[float]:
        """Returns the actuators' speeds [deg/s] of the joint velocities `velocity` [rad/s], shape (n,)."""
        return [float(value) for value in np.degrees(velocity[: self.count])]

    def gripper_speed(self, velocity: Vector) -> float:
        """Returns the gripper's speed, +1 opening to -1 closing, of `velocity` [rad/s], shape (n,); 0 without a gripper."""
        if not self.has_gripper:
            return 0.0
        full = FULL_SPEED * (self._arm.upper[-1] - self._arm.lower[-1])
        return float(np.clip(-velocity[-1] / full, -1.0, 1.0))

    def positions(self, actuators_deg: Vector, gripper: float) -> Vector:
        """Returns the joint angles [rad], shape (n,), of the actuators' [deg] and the gripper's 0..1.

        Limited joints come out in [-pi, pi). Continuous ones go on from where they were last seen, without a jump.
        """
        wrapped = np.radians((np.asarray(actuators_deg, dtype=np.float64) + 180.0) % 360.0 - 180.0)
        if self._last is not None:
            turns = np.round((self._last - wrapped) / (2.0 * np.pi))
            wrapped = np.where(self._continuous, wrapped + 2.0 * np.pi * turns, wrapped)
        self._last = wrapped
        if not self.has_gripper:
            return frozen_vector(wrapped)
        self._closed = (self._closed[1], gripper)
        lower, upper = self._arm.lower[-1], self._arm.upper[-1]
        return frozen_vector([*wrapped, lower + gripper * (upper - lower)])

    def velocities(self, actuators_deg: Vector, gripper: float) -> Vector:
        """Returns the joint velocities [rad/s], shape (n,), of the actuators' [deg/s] and the gripper's, in strokes [1/s].

        The gripper's is a magnitude; its direction is that of the last two positions.
        """
        speeds = np.radians(np.asarray(actuators_deg, dtype=np.float64))
        if not self.has_gripper:
            return frozen_vector(speeds)
        gripper = abs(gripper) * float(np.sign(self._closed[1] - self._closed[0]))
        return frozen_vector([*speeds, gripper * (self._arm.upper[-1] - self._arm.lower[-1])])

    def efforts(self, torques: Vector) -> Vector:
        """Returns the joint torques [N m], shape (n,); 0 for the gripper, which does not tell."""
        return frozen_vector([*torques, 0.0] if self.has_gripper else torques)
