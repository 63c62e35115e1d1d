"""What bounds the arm's motion at one measured position: every limit as linear rows, and how far each is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm, load_arm
from jaco_core.errors import ConfigError
from jaco_core.kinematics import arm_spec
from jaco_core.types import Vector
from jaco_safety.chain import POINTS, Chain
from jaco_safety.distances import Barrier as Barrier
from jaco_safety.distances import Distances
from jaco_safety.geometry import Balls, Geometry, cover, load_geometry
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import Evidence, Reason

Matrix = NDArray[np.float64]

# Points whose speed is limited, as evidence names them: those of jaco_safety.chain.
SPEED_SUBJECTS = tuple({"palm": "tool", "elbow": "elbow"}[point] for point in POINTS)
# At most this many of the nearest barriers become rows of the quadratic program; the check of the braking path sees them all.
_MAX_ROWS = 24

# Barriers farther away than this become no rows either: nothing gets there within a braking line.
_HORIZON_M = 0.2
# How far ahead a singular posture is looked for [s], and the singular value [m/rad] that may be lost in that time.
_LOOK_AHEAD_S = 0.2
_SINGULAR_REACH = 0.15


@dataclass(frozen=True)
class Surroundings:
    """What bounds the motion at one position, for n joints, k barriers of which r are near, and p points with limited speed.

    `position`: the joint angles [rad], shape (n,).
    `velocity_range`: joint velocities [rad/s], lowest and highest, shape (2, n), that joint limits and torques allow.
    `pushed`: joints that torques keep from going down (row 0) or up (row 1), shape (2, n).
    `distance`: to each barrier with its clearance and margin [m], shape (k,); negative beyond it.
    `near`: the near barriers, shape (r,); `approach`: by how much their distance shrinks per joint angle [m/rad], shape (r, n);
    `allowed`: highest speed towards each [m/s], shape (r,).
    `speed_jacobian`: of the points with limited speed [m/rad], shape (p, 3, n); `speed_limit` [m/s], shape (p,).
    `singular`: whether the palm's limit is lowered by a singular posture.
    """

    position: Vector
    velocity_range: Matrix
    pushed: NDArray[np.bool_]
    distance: Vector
    near: NDArray[np.int64]
    approach: Matrix
    allowed: Vector
    speed_jacobian: Matrix
    speed_limit: Vector
    singular: bool


class Barriers:
    """Measures an arm against its joint limits, the workspace, keep-out volumes, the table and itself."""

    def __init__(self, arm: Arm, limits: SafetyLimits) -> None:
        """Raises ConfigError: the limits give torques for another number of joints, or there is no geometry of it."""
        for name in ("torque_limits", "contact_torques"):
            if len(getattr(limits, name)) != len(arm):
                given = len(getattr(limits, name))
                raise ConfigError(f"Arm '{arm.name}' has {len(arm)} joints and the safety limits give {given} {name}.")
        self._arm = arm
        self._limits = limits
        geometry, balls = arm_geometry(arm.name)
        self.chain = Chain(arm, balls)
        self._distances = Distances(self.chain, balls, geometry, limits)
        self.barriers: tuple[Barrier, ...] = self._distances.barriers
        self._ends = np.array([arm.lower + limits.position_margin, arm.upper - limits.position_margin])
        # An exponential approach that a joint can always brake for, alone and along a braking line: see jaco_safety.filter.
        slowest = 1.0 / (limits.reaction_time + 0.5 * float((arm.max_velocity / arm.max_acceleration).max()))
        self._rate = np.minimum(min(limits.approach_rate, slowest), arm.max_acceleration / arm.max_velocity)
        top, still = arm.max_velocity * (1.0 - limits.speed_margin), np.zeros(len(arm))
        # The range of the lowest velocities, and that of the highest ones: both lead away from an end that was passed.
        self._slowest, self._fastest = np.array([-top, still]), np.array([still, top])
        # The simulated servos saturate exactly at their peak torque, which is not yet beyond it.
        self._torque_limits = np.array(limits.torque_limits) * (1.0 + 1e-6)
        self._push_limits = limits.push_share * np.array(limits.contact_torques)
        self._unpushed = np.zeros((2, len(arm)), dtype=bool)
        self.tolerance: Vector = np.concatenate(
            [np.full(2 * len(arm), limits.position_fault_margin), np.full(len(self.barriers), limits.workspace_fault_margin)]
        )

    def at(
        self,
        position: Vector,
        *,
        effort: Vector | None = None,
        outside_torque: Vector | None = None,
        top_speed: float | None = None,
        heading: Vector | None = None,
    ) -> Surroundings:
        """Returns what bounds the motion at joint angles `position` [rad], shape (n,), which must be finite.

        Args:
            position: measured joint angles.
            effort: measured joint torques [N m], shape (n,), or None where the arm does not measure them.
            outside_torque: estimate of the torques from outside [N m], shape (n,): see jaco_safety.forces.
            top_speed: of palm and elbow [m/s]; the limits' own of full mode when None.
            heading: velocity commanded last [rad/s], shape (n,): a singular posture that it leads to is seen early.
        """
        limits = self._limits
        pose = self.chain.at(position)
        kept = self._distances.at(pose.centres)
        near = (kept < _HORIZON_M).nonzero()[0]
        if len(near) > _MAX_ROWS:
            near = near.take(kept.take(near).argpartition(_MAX_ROWS)[:_MAX_ROWS])
            near.sort()
        speed_limit, singular = self._speed_limit(pose.jacobian[0], position, heading, top_speed)
        velocity_range = np.minimum(np.maximum(self._rate * (self._ends - position), self._slowest), self._fastest)
        pushed = self._pushed(effort, outside_torque)
        if pushed is not self._unpushed:
            velocity_range[pushed] = 0.0
        return Surroundings(
            position,
            velocity_range,
            pushed,
            kept,
            near,
            self._distances.approach(pose, kept, near),
            np.maximum(limits.approach_rate * kept.take(near), 0.0),
            pose.jacobian,
            speed_limit,
            singular,
        )

    def distance(self, position: Vector) -> Vector:
        """Returns the distance [m], shape (k,), to every barrier with its clearance and margin, at joint angles `position`."""
        return self._distances.at(self.chain.centres_at(position))

    def is_inside(self, around: Surroundings) -> bool:
        """Whether every joint limit and every clearance is kept at the position of `around`."""
        position, nearest = around.position, around.distance[around.distance.argmin()]
        beyond = max((self._arm.lower - position).tolist() + (position - self._arm.upper).tolist())
        return bool(beyond <= 0.0 and nearest >= 0.0)

    def excess(self, around: Surroundings) -> Vector:
        """Returns how far each joint limit (lower, upper) and then each barrier is exceeded [rad], [m], shape (2n + k,)."""
        position, distance = around.position, around.distance + self._limits.distance_margin
        return np.concatenate([self._arm.lower - position, position - self._arm.upper, -distance])

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

    def _speed_limit(
        self, palm: Matrix, position: Vector, heading: Vector | None, top_speed: float | None
    ) -> tuple[Vector, bool]:
        """Returns the speed limits [m/s], shape (p,), and whether a singular posture lowers the palm's.

        `palm`: its Jacobian, shape (3, n).
        """
        limits = self._limits
        tool, elbow = (limits.tool_speed, limits.elbow_speed) if top_speed is None else (top_speed, top_speed)
        smallest = self._smallest_singular_value(palm)
        if heading is not None and smallest < limits.singular_value + limits.singular_margin + _SINGULAR_REACH:
            ahead = self.chain.palm_jacobian_at(position + _LOOK_AHEAD_S * heading)
            smallest = min(smallest, self._smallest_singular_value(ahead))
        smallest -= limits.singular_margin
        singular = smallest < limits.singular_value
        if singular:
            tool *= max(limits.singular_share, smallest / limits.singular_value)
        return np.array((tool - limits.cartesian_margin, elbow - limits.cartesian_margin)), singular

    @staticmethod
    def _smallest_singular_value(jacobian: Matrix) -> float:
        """Returns it [m/rad] for a Jacobian of shape (3, n): the root of J J^T's least eigenvalue, in closed form.

        Smith, Eigenvalues of a symmetric 3 x 3 matrix (CACM 4, 1961). Fingers do not move the palm: their columns are zero.
        """
        (a, d, f), (_, b, e), (_, _, c) = jacobian.dot(jacobian.T).tolist()
        mean = (a + b + c) / 3.0
        spread = ((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2 + 2.0 * (d * d + e * e + f * f)) / 6.0
        if spread <= 0.0:
            return math.sqrt(max(mean, 0.0))
        root = math.sqrt(spread)
        a, b, c = a - mean, b - mean, c - mean
        half = (a * (b * c - e * e) - d * (d * c - e * f) + f * (d * e - b * f)) / (2.0 * root**3)
        angle = math.acos(min(1.0, max(-1.0, half))) / 3.0
        return math.sqrt(max(mean + 2.0 * root * math.cos(angle + 2.0 * math.pi / 3.0), 0.0))

    def _pushed(self, effort: Vector | None, outside: Vector | None) -> NDArray[np.bool_]:
        """Returns which joints may not be pushed down (row 0) or up (row 1) any further, shape (2, n)."""
        strained = effort is not None and len(effort) > 0 and max((np.abs(effort) - self._torque_limits).tolist()) > 0.0
        touched = outside is not None and max((np.abs(outside) - self._push_limits).tolist()) > 0.0
        if not strained and not touched:
            return self._unpushed
        pushed = self._unpushed.copy()
        if strained and effort is not None:
            pushed |= np.array([effort < -self._torque_limits, effort > self._torque_limits])
        if touched and outside is not None:
            # What pushes back from outside has the opposite sign of the motion that it resists.
            pushed |= np.array([outside > self._push_limits, outside < -self._push_limits])
        return pushed


@lru_cache
def arm_geometry(name: str) -> tuple[Geometry, Balls]:
    """Returns geometry and balls of the arm called `name`; computed once."""
    geometry = load_geometry(name)
    return geometry, cover(arm_spec(load_arm(name)).compile(), geometry)
