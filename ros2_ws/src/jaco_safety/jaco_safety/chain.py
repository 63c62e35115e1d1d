"""Where the balls and points of an arm are for given joint angles, and how they move: fast, many at once.

Positions and joint axes come from MuJoCo's forward kinematics; all joints are hinges.
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

_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])


@dataclass(frozen=True)
class Pose:
    """The arm at one position, in the directions of its base frame.

    `centres`: of every ball and point, from the arm's centre of mass [m], shape (s, 3).
    `origin`: where the centre of mass is in the base frame [m], shape (3,).
    `axes`: of the joints, shape (n, 3). `moments`: the velocities that they give to the centre of mass [m/rad], shape (n, 3).
    """

    centres: Matrix
    origin: Vector
    axes: Matrix
    moments: Matrix


class Chain:
    """The moving parts of one arm. Not thread-safe."""

    def __init__(self, arm: Arm, balls: Balls) -> None:
        self.model = chain_model(arm.name, balls)
        points = arm_model(arm).points
        # Where balls and points are in a pose: MuJoCo orders sites along the arm.
        self.ball_sites = np.array([self.model.site(f"ball/{number}").id for number in range(len(balls.radius))])
        self.point_sites = {point.name: int(self.model.site(f"point/{point.name}").id) for point in points}
        joints = np.array([self.model.joint(name).id for name in arm.joint_names])
        self.qpos = _compact(self.model.jnt_qposadr[joints])
        self.dofs = _compact(self.model.jnt_dofadr[joints])
        bodies = self.model.site_bodyid
        # 1 where a joint moves a ball or point, else 0; shape (s, n).
        self.moves: Matrix = np.array(
            [[_moves(self.model, joint, int(body)) for joint in joints] for body in bodies], dtype=float
        )
        self._data: Any = mujoco.MjData(self.model)
        self._root = int(self.model.body_rootid[self.model.jnt_bodyid[joints[0]]])

    def at(self, position: Vector) -> Pose:
        """Returns the pose at joint angles `position` [rad], shape (n,)."""
        data = self._data
        data.qpos[self.qpos] = position
        mujoco.mj_kinematics(self.model, data)
        mujoco.mj_comPos(self.model, data)
        return self.pose_of(data)

    def pose_of(self, data: Any) -> Pose:
        """Returns the pose in `data` (mujoco.MjData of this chain's model), whose positions are up to date."""
        origin = data.subtree_com[self._root].copy()
        motion = data.cdof[self.dofs].copy()
        return Pose(data.site_xpos - origin, origin, motion[:, :3], motion[:, 3:])

    def jacobian(self, pose: Pose, site: int) -> Matrix:
        """Returns d(centre) / d(joint angles) [m/rad], shape (3, n), of the ball or point at `site`."""
        x, y, z = pose.centres[site].tolist()
        turn = np.array(((0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)))
        result: Matrix = (pose.moments.T - turn @ pose.axes.T) * self.moves[site]
        return result

    def along(self, pose: Pose, points: Matrix, directions: Matrix) -> Matrix:
        """Returns how fast `points` would move along `directions`, both shape (r, 3), per joint angle [m/rad], shape (r, n).

        As if every joint moved them: direction . (moment + axis x point) = direction . moment + (point x direction) . axis.
        """
        return _cross(points, directions) @ pose.axes.T + directions @ pose.moments.T


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
