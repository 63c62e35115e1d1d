"""Torques and forces from outside, estimated from measured efforts: contacts, and what the arm may not push against any further.

A joint's measured torque is what its motion needs (inertia, Coriolis, friction) less what pushes from outside. The residual is
low-pass filtered, as in the momentum observer of De Luca and Mattone (ICRA 2005; Haddadin, De Luca and Albu-Schaeffer, Robot
collisions: a survey, IEEE T-RO 2017): accelerations come from differences of measured velocities and are noisy. Gravity is taken
to be compensated in the measured effort, as the model's is.
"""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

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
        self._model: Any = chain.model
        self._data: Any = mujoco.MjData(chain.model)
        self._dofs = chain.dofs
        self._qpos = chain.qpos
        self._chain = chain
        self._palm = chain.point_sites["palm"]
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
            acceleration = (velocity - self._velocity) / seconds
            middle = 0.5 * (velocity + self._velocity)
            push = 0.5 * (effort + self._effort)
            residual = self._motion_torque(position, middle, acceleration) + self._damping * middle - push
            # Friction takes up to its loss: against the motion, or, where a joint sticks, whatever is left over.
            slipping = residual + self._friction * np.sign(middle)
            sticking = np.sign(residual) * np.maximum(np.abs(residual) - self._friction, 0.0)
            residual = np.where(np.abs(middle) > _SLOW, slipping, sticking)
            gain = min(1.0, seconds / _SMOOTHING_S)
            self.torque = self.torque + gain * (residual - self.torque)
            self.force = self._palm_force()
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

    def _palm_force(self) -> float:
        """Returns the force [N] on the palm that explains the torques best (damped least squares of J^T f = torque), or 0."""
        pose = self._chain.pose_of(self._data)
        jacobian = self._chain.jacobian(pose, self._palm)
        moment = jacobian @ self.torque
        # |f| <= |J torque| / regularisation: mostly far too little to look closer.
        if moment @ moment < (_REGULARISATION * self._force_limit) ** 2:
            return 0.0
        force = np.linalg.solve(jacobian @ jacobian.T + _REGULARISATION * np.eye(3), moment)
        return math.sqrt(force @ force)

    def _motion_torque(self, position: Vector, velocity: Vector, acceleration: Vector) -> Vector:
        """Returns inertia and Coriolis torques [N m], shape (n,), of a motion (inverse dynamics, without gravity)."""
        data = self._data
        data.qpos[self._qpos], data.qvel[self._dofs], data.qacc[self._dofs] = position, velocity, acceleration
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_comVel(self._model, data)
        result: Vector = np.zeros(self._model.nv)
        mujoco.mj_rne(self._model, data, 1, result)
        result += self._model.dof_armature * data.qacc
        ordered: Vector = result[self._dofs]
        return ordered
