"""How far the measured arm is from every limit, and which joint motion brings it closer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import Evidence, Reason

Matrix = NDArray[np.float64]


class PointKinematics(Protocol):
    """What is needed of jaco_core.kinematics.Kinematics: m `names`, their `positions` [m], shape (m, 3), and `radii` [m]."""

    names: tuple[str, ...]
    radii: Vector
    positions: Matrix

    def update(self, position: Vector) -> None:
        """Moves the model to the joint angles `position` [rad], shape (n,)."""

    def jacobian(self, name: str) -> Matrix:
        """Returns d(position of the point `name`) / d(joint angles) [m/rad], shape (3, n)."""


@dataclass(frozen=True)
class Barrier:
    """One face that one tracked point must not cross."""

    subject: str
    limited: Reason
    outside: Reason


@dataclass(frozen=True)
class Surroundings:
    """What bounds the arm's motion at one measured position, for n joints and k barriers.

    `velocity_lower`, `velocity_upper`: joint velocities [rad/s], shape (n,), that can still be braked before a joint limit.
    `approach`: change of the distance to each barrier, sign reversed, per joint angle [m/rad], shape (k, n).
    `distance`: to each barrier [m], shape (k,); negative beyond it.
    `excess`: how far each joint limit and then each barrier is exceeded [rad], [m], shape (2n + k,); negative inside.
    """

    velocity_lower: Vector
    velocity_upper: Vector
    approach: Matrix
    distance: Vector
    excess: Vector


class Barriers:
    """Measures an arm against its joint limits, the workspace box and the table."""

    def __init__(self, arm: Arm, limits: SafetyLimits, kinematics: PointKinematics) -> None:
        self._arm = arm
        self._limits = limits
        self._kinematics = kinematics
        self._lower = arm.lower + limits.position_margin
        self._upper = arm.upper - limits.position_margin
        self._box_lower = np.array(limits.workspace_lower)
        self._box_upper = np.array(limits.workspace_upper)
        self._floor = limits.table_height + limits.table_clearance
        # In the order in which `at` stacks them: per point, upper x y z, lower x y z, table.
        self.barriers: tuple[Barrier, ...] = tuple(barrier for point in kinematics.names for barrier in _barriers_of(point))
        count = len(arm)
        self.tolerance: Vector = np.concatenate(
            [np.full(2 * count, limits.position_fault_margin), np.full(len(self.barriers), limits.workspace_fault_margin)]
        )

    def at(self, position: Vector) -> Surroundings:
        """Returns what bounds the motion at the joint angles `position` [rad], shape (n,), which must be finite."""
        kinematics = self._kinematics
        kinematics.update(position)
        jacobian = np.stack([kinematics.jacobian(name) for name in kinematics.names])
        points, radii = kinematics.positions, kinematics.radii[:, None]
        distance = np.concatenate(
            [
                self._box_upper - points - radii,
                points - radii - self._box_lower,
                points[:, 2:] - radii - self._floor,
            ],
            axis=1,
        ).reshape(-1)
        approach = np.concatenate([jacobian, -jacobian, -jacobian[:, 2:]], axis=1).reshape(len(distance), -1)
        arm = self._arm
        excess = np.concatenate([arm.lower - position, position - arm.upper, -distance])
        return Surroundings(
            -self._braking_speed(position - self._lower), self._braking_speed(self._upper - position), approach, distance, excess
        )

    def _braking_speed(self, distance: Vector) -> Vector:
        """Returns the highest speeds [rad/s], shape (n,), that stop within `distance` [rad].

        Solves v t + v^2 / (2 a) = distance with the reaction time t. With commands that change by at most a dt per tick, v - a dt
        solves it again one tick of v later, for every dt up to 2 t, so a joint that keeps to this can always keep to it.
        """
        acceleration, reaction = self._arm.max_acceleration, self._limits.reaction_time
        room = np.maximum(distance, 0.0)
        speed = acceleration * (np.sqrt(reaction**2 + 2.0 * room / acceleration) - reaction)
        return np.minimum(speed, self._arm.max_velocity)

    def violation(self, excess: Vector, tolerated: Vector) -> Evidence | None:
        """Returns the limit that `excess` exceeds most beyond `tolerated`, both shape (2n + k,), or None."""
        beyond = excess - tolerated
        worst = int(np.argmax(beyond))
        if beyond[worst] <= 0.0:
            return None
        value, bound, joints = float(excess[worst]), float(tolerated[worst]), len(self._arm)
        if worst < 2 * joints:
            return Evidence(Reason.POSITION_OUTSIDE, self._arm.joint_names[worst % joints], value, bound, "rad")
        barrier = self.barriers[worst - 2 * joints]
        return Evidence(barrier.outside, barrier.subject, value, bound, "m")


def _barriers_of(point: str) -> list[Barrier]:
    faces = [f"{point} at {side} {axis}" for side in ("upper", "lower") for axis in "xyz"]
    return [
        *(Barrier(face, Reason.WORKSPACE, Reason.WORKSPACE_OUTSIDE) for face in faces),
        Barrier(point, Reason.TABLE, Reason.TABLE_OUTSIDE),
    ]
