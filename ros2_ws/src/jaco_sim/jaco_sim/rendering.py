"""Off-screen cameras. Fast settings, since a software renderer draws them: no shadows, multisampling, reflections or skybox."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable
from functools import cache
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.depth import depth_in_millimetres
from jaco_core.errors import ConfigError
from jaco_core.types import DepthImage, RgbImage
from jaco_sim.meshes import COLLISION_GROUP

# Mesa's software renderer: threads do not pay at 64 x 64, and they would take the cores from the other processes.
os.environ.setdefault("LP_NUM_THREADS", "0")

# What is nearer to a camera that rides on the arm is not drawn.
NEAR_M = 0.02


_EVERYTHING = mujoco.mjtCatBit.mjCAT_ALL.value


class Renderer:
    """Draws a model's cameras at one image size. Must be used, and closed, by the thread that made it."""

    def __init__(self, model: Any, width: int = 64, height: int = 64, fast: bool = True) -> None:
        """`fast=False` adds shadows, smooth edges and sky, for people.

        Raises:
            ConfigError: no off-screen OpenGL here.
        """
        self.width, self.height = width, height
        self._model = model
        # The context copies these from the model when it is made; the model may be shared with other renderers.
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        model.vis.quality.offsamples, model.vis.quality.shadowsize = (0, 0) if fast else (4, 2048)
        try:
            # Not mujoco.GLContext, which asks for a display unless MUJOCO_GL said otherwise before mujoco was first imported.
            # Imported here, since importing it already opens the display device.
            from mujoco.egl import GLContext

            self._gl = GLContext(width, height)
            self._gl.make_current()
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        except (ImportError, AttributeError, RuntimeError, mujoco.FatalError, OSError) as error:
            raise ConfigError(
                f"Off-screen rendering does not start here ({error}); install libegl1 and libgl1-mesa-dri."
            ) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=200)
        for flag in mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION, mujoco.mjtRndFlag.mjRND_SKYBOX:
            self._scene.flags[flag] = not fast
        self._option = mujoco.MjvOption()
        self._option.geomgroup[COLLISION_GROUP] = 0
        self._option.sitegroup[:] = 0
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._rectangle = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty((height, width, 3), np.uint8)
        self._nearness = np.empty((height, width), np.float32)
        self._perturbation = mujoco.MjvPerturb()
        self._camera_id = cache(lambda name: int(model.camera(name).id))
        # Whether the camera is on the arm.
        self._rides = False
        self._closed = False
        # At the interpreter's end too, while OpenGL is still there.
        atexit.register(self.close)

    def draw(self, data: Any, camera: str) -> RgbImage:
        """Returns what `camera` sees of `data`, shape (height, width, 3), RGB, top row first. The array is the caller's.

        The model of `data` may be a copy of the renderer's own with other colours, shapes, lights or cameras.
        """
        self._render(data, camera)
        mujoco.mjr_readPixels(self._pixels, None, self._rectangle, self._context)
        return self._pixels[::-1].copy()

    def draw_each(self, seen: Iterable[Any], camera: str, pictures: NDArray[np.uint8]) -> None:
        """Draws what `camera` sees of each of `seen`, one after another, into `pictures`, shape (k, height, width, 3)."""
        self._prepare(camera)
        for picture, data in zip(pictures, seen, strict=True):
            self._show(data)
            mujoco.mjr_readPixels(self._pixels, None, self._rectangle, self._context)
            picture[...] = self._pixels[::-1]

    def draw_with_depth(self, data: Any, camera: str) -> tuple[RgbImage, DepthImage]:
        """Returns the same picture and its depth along the camera's axis [mm], uint16, shape (height, width).

        Nothing but the far plane is 0, not known. Both arrays are the caller's.
        """
        picture = self.draw(data, camera)
        return picture, depth_in_millimetres(self.depth())

    def depth(self) -> NDArray[np.float32]:
        """Returns how far along the camera's axis [m] what was drawn last is, shape (height, width), top row first; 0: none."""
        self._gl.make_current()
        # From 1 at the near plane to 0 at the far one: a float32 has its digits where the other way round they are missing.
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR.value
        mujoco.mjr_readPixels(None, self._nearness, self._rectangle, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZERONEAR.value
        near, far = (float(plane) for plane in (self._scene.camera[0].frustum_near, self._scene.camera[0].frustum_far))
        nearness = self._nearness[::-1].astype(np.float64)
        # OpenGL's perspective division, undone (glFrustum): 1 / depth is linear in what the buffer holds.
        metres = near * far / (near + nearness * (far - near))
        return np.where(nearness > 0.0, metres, 0.0).astype(np.float32)

    def _render(self, data: Any, camera: str) -> None:
        self._prepare(camera)
        self._show(data)

    def _prepare(self, camera: str) -> None:
        # Another renderer of this process may have drawn since.
        self._gl.make_current()
        self._camera.fixedcamid = self._camera_id(camera)
        self._rides = bool(self._model.cam_bodyid[self._camera.fixedcamid] != 0)

    def _show(self, data: Any) -> None:
        mujoco.mjv_updateScene(data.model, data, self._option, self._perturbation, self._camera, _EVERYTHING, self._scene)
        if self._rides:
            self._see_near()
        mujoco.mjr_render(self._rectangle, self._scene, self._context)

    def _see_near(self) -> None:
        """Moves the near plane, at a hundredth of the world's extent, to where a camera on the hand sees the hand."""
        for eye in self._scene.camera:
            scale = NEAR_M / eye.frustum_near
            eye.frustum_near, eye.frustum_width, eye.frustum_center = (
                NEAR_M,
                scale * eye.frustum_width,
                scale * eye.frustum_center,
            )
            eye.frustum_bottom, eye.frustum_top = scale * eye.frustum_bottom, scale * eye.frustum_top

    def close(self) -> None:
        """Releases the OpenGL context; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._gl.make_current()
        self._context.free()
        self._gl.free()
