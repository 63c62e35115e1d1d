"""Where the balls and points of an arm are for given joint angles, how they move, and what torques that takes: in microseconds.

Positions, Jacobians and inverse dynamics are MuJoCo's; all joints are hinges. For nine joints numpy's cost is that of its calls,
not of its arithmetic: here and in the modules that use it, views of MuJoCo's memory are made once, and calls are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm, load_arm
from jaco_core.kinematics import arm_spec
from jaco_core.models import arm_model
from jaco_core.types import Vector
from jaco_safety.geometry import Balls

Matrix = NDArray[np.float64]

# Points whose Jacobians come with a pose, in this order.
POINTS = ("palm", "elbow")

_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])


@dataclass(frozen=True)
class Pose:
    """The arm at one position, in its base frame. All but the Jacobians are views: good until another position is asked for.

    `centres`: of every ball and point [m], shape (s, 3). `jacobian`: of POINTS [m/rad], shape (p, 3, n).
    `motion`: per joint its axis and the velocity [m/rad] that it gives to the centre of mass, shape (n, 6).
    `origin`: where the centre of mass is [m], shape (3,).
    """

    centres: Matrix
    jacobian: NDArray[np.float64]
    motion: Matrix
    origin: Vector


class Chain:
    """The moving parts of one arm. Not thread-safe."""

    def __init__(self, arm: Arm, balls: Balls) -> None:
        self.model = chain_model(arm.name, balls)
        # Where balls and points are in a pose: MuJoCo orders sites along the arm.
        self.ball_sites = np.array([self.model.site(f"ball/{number}").id for number in range(len(balls.radius))])
        self._point_sites = [int(self.model.site(f"point/{name}").id) for name in POINTS]
        joints = np.array([self.model.joint(name).id for name in arm.joint_names])
        self.dofs = _compact(self.model.jnt_dofadr[joints])
        bodies = self.model.site_bodyid
        # 1 where a joint moves a ball or point, else 0; shape (s, n).
        self.moves: Matrix = np.array(
            [[_moves(self.model, joint, int(body)) for joint in joints] for body in bodies], dtype=float
        )
        root = int(self.model.body_rootid[self.model.jnt_bodyid[joints[0]]])
        # The measured arm, and one that looks ahead. Views of their memory: what is written there, MuJoCo computes with.
        self._data: Any = mujoco.MjData(self.model)
        self._ahead: Any = mujoco.MjData(self.model)
        self._qpos = _compact(self.model.jnt_qposadr[joints])
        self._angles, self._velocity, self._acceleration = self._data.qpos, self._data.qvel, self._data.qacc
        self._sites, self._motion, self._origin = self._data.site_xpos, self._data.cdof, self._data.subtree_com[root]
        self._ahead_angles, self._ahead_sites = self._ahead.qpos, self._ahead.site_xpos
        self._armature = np.array(self.model.dof_armature[self.dofs])
        self._torque = np.zeros(self.model.nv)
        self._key = b""
        self._pose: Pose | None = None

    def at(self, position: Vector) -> Pose:
        """Returns the pose at joint angles `position` [rad], shape (n,). The last one is remembered: several ask for the same."""
        key = position.tobytes()
        if self._pose is None or key != self._key:
            self._angles[self._qpos] = position
            mujoco.mj_kinematics(self.model, self._data)
            mujoco.mj_comPos(self.model, self._data)
            jacobian = self._jacobian(self._data, self._point_sites)
            self._pose = Pose(self._sites, jacobian, self._motion[self.dofs], self._origin)
            self._key = key
        return self._pose

    def centres_at(self, position: Vector) -> Matrix:
        """Returns the centres [m] of a pose at `position`, shape (s, 3), until the next call looks ahead."""
        self._ahead_angles[self._qpos] = position
        mujoco.mj_kinematics(self.model, self._ahead)
        sites: Matrix = self._ahead_sites
        return sites

    def palm_jacobian_at(self, position: Vector) -> Matrix:
        """Returns the palm's Jacobian [m/rad] at `position`, shape (3, n)."""
        self._ahead_angles[self._qpos] = position
        mujoco.mj_kinematics(self.model, self._ahead)
        mujoco.mj_comPos(self.model, self._ahead)
        jacobian: Matrix = self._jacobian(self._ahead, self._point_sites[:1])[0]
        return jacobian

    def motion_torque(self, position: Vector, velocity: Vector, acceleration: Vector) -> Vector:
        """Returns inertia and Coriolis torques [N m], shape (n,), of a motion (inverse dynamics, without gravity)."""
        self.at(position)
        self._velocity[self.dofs] = velocity
        self._acceleration[self.dofs] = acceleration
        mujoco.mj_comVel(self.model, self._data)
        mujoco.mj_rne(self.model, self._data, 1, self._torque)
        result: Vector = self._torque[self.dofs] + self._armature * acceleration
        return result

    def along(self, pose: Pose, points: Matrix, directions: Matrix) -> Matrix:
        """Returns how fast `points` would move along `directions`, both shape (r, 3), per joint angle [m/rad], shape (r, n).

        As if every joint moved them: direction . (moment + axis x point) = (point x direction) . axis + direction . moment,
        with the point as seen from the centre of mass.
        """
        both = np.empty((len(points), 6))
        both[:, :3] = _cross(points - pose.origin, directions)
        both[:, 3:] = directions
        along: Matrix = both.dot(pose.motion.T)
        return along

    def _jacobian(self, data: Any, sites: list[int]) -> NDArray[np.float64]:
        """Returns the Jacobians [m/rad] of `sites`, shape (len(sites), 3, n), in `data`."""
        jacobian = np.empty((len(sites), 3, self.model.nv))
        for row, site in zip(jacobian, sites, strict=True):
            mujoco.mj_jacSite(self.model, data, row, None, site)
        ordered: NDArray[np.float64] = jacobian[:, :, self.dofs]
        return ordered


_MODELS: dict[str, Any] = {}


def chain_model(arm: str, balls: Balls) -> Any:
    """Returns the model (mujoco.MjModel) of the arm called `arm`, without gravity, with sites at its `balls` and tracked points.

    Compiled once per arm: meshes take a moment.
    """
    if arm not in _MODELS:
        description = load_arm(arm)
        spec = arm_spec(description)
        spec.option.gravity = (0.0, 0.0, 0.0)
        bodies = {body.name: body for body in spec.bodies}
        for number, (body, centre) in enumerate(zip(balls.body, balls.centre, strict=True)):
            bodies[body].add_site(name=f"ball/{number}", pos=centre)
        for point in arm_model(description).points:
            bodies[point.body].add_site(name=f"point/{point.name}", pos=point.offset)
        _MODELS[arm] = spec.compile()
    return _MODELS[arm]


def _cross(a: Matrix, b: Matrix) -> Matrix:
    """Returns a x b, shape (k, 3): several times faster than numpy's for few rows."""
    return a.take(_NEXT, axis=1) * b.take(_LAST, axis=1) - a.take(_LAST, axis=1) * b.take(_NEXT, axis=1)


def _compact(index: NDArray[np.int64]) -> Any:
    """Returns `index` as a slice where it is one: several times faster."""
    first = int(index[0])
    return slice(first, first + len(index)) if np.array_equal(index, np.arange(first, first + len(index))) else index


def _moves(model: Any, joint: int, body: int) -> bool:
    """Whether the joint's body is `body` or one of its ancestors."""
    while body > 0:
        if body == model.jnt_bodyid[joint]:
            return True
        body = int(model.body_parentid[body])
    return False
