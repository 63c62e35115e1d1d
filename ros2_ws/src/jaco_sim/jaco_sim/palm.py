"""Where the palm of the simulated arm would be at joint angles that it does not have now."""

from __future__ import annotations

import mujoco
import numpy as np

from jaco_core.types import Vector
from jaco_sim.scene import Scene


class PalmOf:
    """Where the palm is [m], shape (3,), for joint angles [rad], shape (n,), in a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._data = scene, mujoco.MjData(scene.model)

    def __call__(self, position: Vector) -> Vector:
        self._data.qpos[self._scene.qpos] = position
        self._scene.linkage.follow(self._data)
        mujoco.mj_kinematics(self._scene.model, self._data)
        return np.array(self._data.site_xpos[self._scene.palm])
