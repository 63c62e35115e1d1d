"""What the arm hides from the camera: rays from the camera to a ball, against the arm's own shapes at its joint angles."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaco_core.arms import Arm
from jaco_core.kinematics import Linkage, arm_spec
from jaco_core.types import Vector

# The ball's disc as the camera sees it: its middle and two rings, in shares of the radius, which stand for equal areas.
_RINGS = ((0.0, 1), (0.5, 6), (0.87, 12))


class Cover:
    """One arm between a camera and things. Not thread-safe."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._model: Any = arm_spec(arm).compile()
        self._data: Any = mujoco.MjData(self._model)
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in arm.joint_names])
        self._linkage = Linkage(self._model)
        self._hit = np.zeros(1, dtype=np.int32)

    def visible(self, eye: ArrayLike, centre: ArrayLike, radius: float, position: Vector) -> float:
        """Returns the share, 0 to 1, of a ball that the arm at joint angles `position` [rad], shape (n,), leaves visible.

        `eye`: the camera; `centre`: the ball's; both [m], shape (3,), base frame. `radius` [m].
        """
        data = self._data
        data.qpos[self._qpos] = position
        self._linkage.follow(data)
        mujoco.mj_kinematics(self._model, data)
        origin = np.asarray(eye, dtype=np.float64)
        points = _disc(origin, np.asarray(centre, dtype=np.float64), radius)
        free = 0
        for point in points:
            ray = point - origin
            # In units of the ray's length: a hit beyond 1 lies behind the ball.
            distance = mujoco.mj_ray(self._model, data, origin, ray, None, 1, -1, self._hit)
            free += distance < 0.0 or distance > 1.0
        return free / len(points)


def _disc(eye: NDArray[np.float64], centre: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Returns points of the ball's disc across the line of sight, shape (k, 3)."""
    forward = (centre - eye) / np.linalg.norm(centre - eye)
    right = np.cross(forward, (0.0, 0.0, 1.0) if abs(forward[2]) < 0.9 else (1.0, 0.0, 0.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    points = []
    for share, count in _RINGS:
        angles = np.arange(count) * (2.0 * np.pi / count)
        points += [centre + share * radius * (np.cos(angle) * right + np.sin(angle) * up) for angle in angles]
    return np.array(points)
