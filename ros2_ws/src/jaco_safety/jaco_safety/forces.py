"""Torques and forces from outside, estimated from measured efforts: contacts, and what the arm may not push against any further.

A joint's measured torque is what its motion needs (inertia, Coriolis, friction) less what pushes from outside. The residual is
low-pass filtered, as in the momentum observer of De Luca and Mattone (ICRA 2005; Haddadin, De Luca and Albu-Schaeffer, Robot
collisions: a survey, IEEE T-RO 2017): accelerations come from differences of measured velocities and are noisy. Gravity is taken
to be compensated in the measured effort, as the model's is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_safety.chain import Chain
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import Evidence, Reason

# Time constant of the low-pass filter [s]: a contact shows within a few ticks, one tick's disagreement does not.
_SMOOTHING_S = 0.06
# Joints slower than this are taken to stick: friction then opposes the torque, whichever way it points [rad/s].
_SLOW = 0.02
_REGULARISATION = 0.02


class ForceMonitor:
    """Estimates torques from outside for one arm, tick by tick. Its answers are a function of the measurements alone."""

    def __init__(self, arm: Arm, limits: SafetyLimits, chain: Chain) -> None:
        self._names = arm.joint_names
        self._limits = np.array(limits.contact_torques)
        self._force_limit = limits.contact_force
        self._dofs = chain.dofs
        self._chain = chain
        self._friction, self._damping = chain.model.dof_frictionloss[self._dofs], chain.model.dof_damping[self._dofs]
        # Kept by `begin`: it is measured, not estimated from what came before.
        self._felt = 0.0
        self.begin()

    def begin(self) -> None:
        """Forgets what was measured."""
        self._velocity: Vector | None = None
        self._effort: Vector | None = None
        self.torque: Vector = np.zeros(len(self._names))
        self.force = 0.0

    def update(self, position: Vector, velocity: Vector, effort: Vector, seconds: float) -> Vector:
        """Takes in one tick's measurements and returns the torques from outside [N m], shape (n,).

        Args:
            position: joint angles [rad], shape (n,).
            velocity: [rad/s], shape (n,).
            effort: joint torques [N m], shape (n,), or empty where the arm does not measure them: then nothing is ever felt.
            seconds: since the last measurements.
        """
        if not len(effort):
            self.begin()
            return self.torque
        if self._velocity is not None and self._effort is not None and seconds > 0.0:
            middle = 0.5 * (velocity + self._velocity)
            needed = self._chain.motion_torque(position, middle, (velocity - self._velocity) / seconds)
            residual = needed + self._damping * middle - 0.5 * (effort + self._effort)
            rest = list(map(_unexplained, residual.tolist(), middle.tolist(), self._friction.tolist()))
            gain = min(1.0, seconds / _SMOOTHING_S)
            self.torque = self.torque + gain * (np.array(rest) - self.torque)
            self.force = self._palm_force(self._chain.at(position).jacobian[0])
        self._velocity, self._effort = velocity, effort
        return self.torque

    def feel(self, force: float) -> None:
        """Takes in a force [N] that a sensor at the tool, or the arm's maker, tells; it counts until the next one."""
        self._felt = force

    def contact(self) -> Evidence | None:
        """Returns the joint torque or palm force that counts as a contact, or None."""
        if not self._felt <= self._force_limit:  # so that NaN counts too
            return Evidence(Reason.CONTACT, "tool", self._felt, self._force_limit, "N")
        share = np.abs(self.torque) / self._limits
        joint = int(share.argmax())
        if share[joint] > 1.0:
            return Evidence(Reason.CONTACT, self._names[joint], float(abs(self.torque[joint])), float(self._limits[joint]), "N m")
        if self.force > self._force_limit:
            return Evidence(Reason.CONTACT, "palm", self.force, self._force_limit, "N")
        return None

    def _palm_force(self, jacobian: NDArray[np.float64]) -> float:
        """Returns the force [N] on the palm that explains the torques best (damped least squares of J^T f = torque), or 0."""
        moment = jacobian.dot(self.torque).tolist()
        x, y, z = moment
        # |f| <= |J torque| / regularisation: often far too little to look closer.
        if x * x + y * y + z * z < (_REGULARISATION * self._force_limit) ** 2:
            return 0.0
        # (J J^T + regularisation) f = moment by Cramer's rule: its determinant is at least the regularisation's cube.
        (a, d, f), (_, b, e), (_, _, c) = jacobian.dot(jacobian.T).tolist()
        a, b, c = a + _REGULARISATION, b + _REGULARISATION, c + _REGULARISATION
        first, second, third = b * c - e * e, e * f - d * c, d * e - b * f
        across = d * f - a * e
        force = math.hypot(
            first * x + second * y + third * z,
            second * x + (a * c - f * f) * y + across * z,
            third * x + across * y + (a * b - d * d) * z,
        )
        return float(force / (a * first + d * second + f * third))


def _unexplained(residual: float, speed: float, friction: float) -> float:
    """Returns what friction leaves of a joint's `residual` torque [N m]: it takes up to `friction`.

    Against the motion, or, where a joint sticks, whatever is left over.
    """
    if abs(speed) > _SLOW:
        return residual + math.copysign(friction, speed)
    return math.copysign(max(abs(residual) - friction, 0.0), residual)
