"""Where the arm is in a picture: how much of each pixel its shells and its rings cover, and how much light falls on them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.models import arm_model
from jaco_sim.identification.record import Array
from jaco_sim.rendering import Renderer
from jaco_sim.scene import POLICY_CAMERA, RING_MATERIAL, Scene

_HIDDEN = 5
_NOWHERE = np.float32(1e3)
# What a pass tells: red, that the arm is there; green, the lamp's light on it; blue, that it is a ring.
_SHELL, _RING = (1.0, 1.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)
_AMBIENT, _DIFFUSE = (1.0, 0.0, 1.0), (0.0, 1.0, 0.0)
COVERS = 2
"""So many of what is drawn are shares of a pixel: shells, rings. The others are the same, lit by the lamp."""


@dataclass(frozen=True)
class Pose:
    """A camera in the arm's base frame: `position` [m], shape (3,), `quaternion` (w, x, y, z) of MuJoCo's axes, `fovy` [deg]."""

    position: Array
    quaternion: Array
    fovy: float


class Silhouettes:
    """Draws the arm alone, `finer` times as fine as the pictures. Must be used, and closed, by the thread that made it."""

    def __init__(self, scene: Scene, size: int, finer: int) -> None:
        self._scene, self._size, self._finer = scene, size, finer
        self._model: Any = copy.copy(scene.model)
        self._paint()
        self._data: Any = mujoco.MjData(self._model)
        self._renderer = Renderer(self._model, size * finer, size * finer)

    def _paint(self) -> None:
        model, scene = self._model, self._scene
        links = arm_model(scene.arm).links
        for geom in range(model.ngeom):
            if model.body(int(model.geom_bodyid[geom])).name not in links:
                model.geom_group[geom] = _HIDDEN
                continue
            ring = scene.model.mat(int(scene.model.geom_matid[geom])).name.endswith(RING_MATERIAL)
            model.geom_rgba[geom] = _RING if ring else _SHELL
        model.light_ambient[:], model.light_diffuse[:] = _AMBIENT, _DIFFUSE

    def draw(
        self, positions: Array, pose: Pose, slope: Array, slopes: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Returns shares that shells and rings cover, and their light, shape (k, size, size, 4), at joint angles, shape (k, n).

        `slope`: how far the lamp's light goes along x and y on its way down by one, shape (2,).
        With `slopes` also their derivatives by the camera's motion, shape (k, size, size, 6, 4): per metre along the base's axes,
        and per radian about the camera's own; else None.
        """
        model, data, size, finer = self._model, self._data, self._size, self._finer
        camera = model.camera(POLICY_CAMERA).id
        model.cam_pos[camera], model.cam_quat[camera], model.cam_fovy[camera] = pose.position, pose.quaternion, pose.fovy
        model.light_dir[:] = np.array([*slope, -1.0]) / np.hypot(1.0, np.hypot(*slope))
        covered = np.empty((len(positions), size, size, 4), np.float32)
        moved = np.empty((len(positions), size, size, 6, 4), np.float32) if slopes else None
        for row, position in enumerate(positions):
            data.qpos[self._scene.qpos] = position
            self._scene.linkage.follow(data)
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            there, light, ring = np.moveaxis(self._renderer.draw(data, POLICY_CAMERA).astype(np.float32) / 255.0, -1, 0)
            parts = np.stack((there - ring, ring, light * (1.0 - ring), light * ring), axis=-1)
            covered[row] = parts.reshape(size, finer, size, finer, 4).mean(axis=(1, 3))
            if moved is not None:
                moved[row] = self._moved(parts, pose)
        return covered, moved

    def _moved(self, parts: NDArray[np.float32], pose: Pose) -> NDArray[np.float32]:
        """Returns what was drawn last, differentiated by the camera's motion, shape (size, size, 6, 4).

        Per metre along the base's axes and per radian about the camera's own: the image's gradient times its flow, which follows
        from the depth (the interaction matrix of visual servoing: Chaumette and Hutchinson, IEEE Robotics & Automation Magazine
        13(4), 2006). Beside an outline the depth is that of the arm, which is what moves there.
        """
        size, finer = self._size, self._finer
        depth = self._renderer.depth()
        near = cv2.erode(np.where(depth > 0.0, depth, _NOWHERE), np.ones((5, 5), np.uint8))
        across = size * finer
        focal = 0.5 * across / np.tan(np.deg2rad(pose.fovy) / 2.0)
        row, column = np.mgrid[:across, :across] + 0.5 - 0.5 * across
        # The point in the camera's frame, as MuJoCo has it: x right, y up, z backward.
        x, y = column / focal * near, -row / focal * near
        zero, one = np.zeros_like(x), np.ones_like(x)
        turn = np.zeros(9)
        mujoco.mju_quat2Mat(turn, pose.quaternion)
        along = -turn.reshape(3, 3)
        motions = [
            *((one * along[axis, 0], one * along[axis, 1], one * along[axis, 2]) for axis in range(3)),
            *((zero, -near, -y), (near, zero, x), (y, -x, zero)),
        ]
        down, right = np.gradient(parts, axis=(0, 1))
        changes = np.empty((size, size, 6, 4), np.float32)
        for index, (dx, dy, dz) in enumerate(motions):
            # z is minus the depth.
            to_right = focal / near * (dx + x / near * dz)
            to_top = focal / near * (dy + y / near * dz)
            change = -right * to_right[..., None] + down * to_top[..., None]
            changes[:, :, index] = change.reshape(size, finer, size, finer, 4).mean(axis=(1, 3))
        return changes

    def close(self) -> None:
        """Releases the renderer."""
        self._renderer.close()
