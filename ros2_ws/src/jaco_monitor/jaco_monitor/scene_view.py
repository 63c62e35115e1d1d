"""A view of the simulated scene for people: any joint angles and object positions to a picture."""

from __future__ import annotations

import os
from typing import Any

import cv2
import mujoco
import numpy as np

from jaco_core.errors import ContractError
from jaco_core.types import RgbImage, Vector
from jaco_sim.meshes import COLLISION_GROUP
from jaco_sim.scene import SCENE_CAMERA
from jaco_sim.simulation import make_scene

os.environ.setdefault("MUJOCO_GL", "egl")

# Shadows tell how high the hand is. A software renderer needs a small map for them, drawn around the arm and not the whole floor.
SHADOW_MAP = 1024
SHADOWED_EXTENT = 1.2
SHADOW_STRENGTH = 0.35


class SceneView:
    """Draws what the scene's camera sees, about 25 ms a picture. Must be used, and closed, by the thread that made it."""

    def __init__(
        self,
        task: str,
        arm: str = "j2n6s300",
        profile: str = "nominal",
        width: int = 640,
        height: int = 480,
        supersampling: int = 1,
    ) -> None:
        """`supersampling`: pixels drawn per pixel and side; 2 smooths edges and takes three times as long.

        Raises:
            ConfigError: one of the names is not known.
        """
        self._scene = make_scene(task, arm, profile, held_out=True)
        self._size = width, height
        model = self._scene.model
        self._data: Any = mujoco.MjData(model)
        model.vis.global_.offwidth, model.vis.global_.offheight = supersampling * width, supersampling * height
        model.vis.quality.shadowsize, model.vis.quality.offsamples = SHADOW_MAP, 0
        # zfar counts in extents.
        model.vis.map.zfar *= model.stat.extent / SHADOWED_EXTENT
        model.stat.extent = SHADOWED_EXTENT
        self._renderer: Any = mujoco.Renderer(model, supersampling * height, supersampling * width)
        self._option = mujoco.MjvOption()
        self._option.geomgroup[COLLISION_GROUP] = 0
        self._option.sitegroup[:] = 0

    def __call__(self, joint_position: Vector, objects: dict[str, Vector]) -> RgbImage:
        """Returns the scene, uint8, shape (height, width, 3). `joint_position` [rad], shape (n,); `objects` [m], base frame.

        Objects that the scene does not have are left out; those that it has and that are not given stay where they were.

        Raises:
            ContractError: the wrong number of joint angles.
        """
        if len(joint_position) != len(self._scene.qpos):
            raise ContractError(f"The scene's arm has {len(self._scene.qpos)} joints and was given {len(joint_position)} angles.")
        self._data.qpos[self._scene.qpos] = joint_position
        self._scene.linkage.follow(self._data)
        for name, index in self._scene.objects.items():
            if name in objects:
                self._data.mocap_pos[index] = objects[name]
        mujoco.mj_forward(self._scene.model, self._data)
        self._renderer.update_scene(self._data, SCENE_CAMERA, self._option)
        dark, light = self._render(shadow=True), self._render(shadow=False)
        # The lamp is the only light, so that a shadow is black; mixing both makes it as soft as it is under a sky.
        mixed = cv2.addWeighted(dark, SHADOW_STRENGTH, light, 1.0 - SHADOW_STRENGTH, 0.0)
        return np.asarray(cv2.resize(mixed, self._size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def close(self) -> None:
        """Gives the graphics context back."""
        self._renderer.close()

    def _render(self, *, shadow: bool) -> RgbImage:
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = shadow
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        image: RgbImage = self._renderer.render().copy()
        return image
