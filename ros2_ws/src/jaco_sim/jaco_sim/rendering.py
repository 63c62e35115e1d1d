"""Off-screen cameras. Fast settings, since a software renderer draws them: no shadows, multisampling, reflections or skybox."""

from __future__ import annotations

import atexit
import os
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.errors import ConfigError
from jaco_core.types import RgbImage
from jaco_sim.meshes import COLLISION_GROUP

# Mesa's software renderer: threads do not pay at 64 x 64, and they would take the cores from the other processes.
os.environ.setdefault("LP_NUM_THREADS", "0")


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
        self._buffer = np.empty((height, width), np.float32)
        self._perturbation = mujoco.MjvPerturb()
        self._closed = False
        # At the interpreter's end too, while OpenGL is still there.
        atexit.register(self.close)

    def draw(self, data: Any, camera: str) -> RgbImage:
        """Returns what `camera` sees of `data`, shape (height, width, 3), RGB, top row first. The array is the caller's.

        The model of `data` may be a copy of the renderer's own with other colours, shapes, lights or cameras.
        """
        # Another renderer of this process may have drawn since.
        self._gl.make_current()
        self._camera.fixedcamid = self._model.camera(camera).id
        mujoco.mjv_updateScene(
            data.model, data, self._option, self._perturbation, self._camera, mujoco.mjtCatBit.mjCAT_ALL.value, self._scene
        )
        mujoco.mjr_render(self._rectangle, self._scene, self._context)
        mujoco.mjr_readPixels(self._pixels, None, self._rectangle, self._context)
        return self._pixels[::-1].copy()

    def depth(self) -> NDArray[np.float32]:
        """Returns how far along the camera's axis [m] what was drawn last is, shape (height, width), top row first."""
        self._gl.make_current()
        mujoco.mjr_readPixels(None, self._buffer, self._rectangle, self._context)
        extent, near, far = self._model.stat.extent, self._model.vis.map.znear, self._model.vis.map.zfar
        # The buffer holds the depth as OpenGL keeps it, in 0..1, not linear.
        return np.asarray(near * extent / (1.0 - self._buffer[::-1] * (1.0 - near / far)), np.float32)

    def close(self) -> None:
        """Releases the OpenGL context; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._gl.make_current()
        self._context.free()
        self._gl.free()
