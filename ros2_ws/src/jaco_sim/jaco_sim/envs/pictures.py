"""Draws what the policies of many arms get to see: the policy's camera, further ones, and depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaco_core.cameras import POLICY, camera_frame
from jaco_core.views import View, put_together
from jaco_sim.cameras import simulated_cameras
from jaco_sim.rendering import Renderer
from jaco_sim.simulation import ArmSimulation

IMAGE_SIZE = 64


class Pictures:
    """Must be used, and closed, by the thread that made it."""

    def __init__(self, model: Any, cameras: tuple[str, ...] = (), depth: bool = False) -> None:
        """`cameras`: further ones, seen beside the policy's in this order; `depth`: it is seen of every one of them.

        Raises:
            ConfigError: a camera is not known or comes twice, or no off-screen OpenGL here.
        """
        self._cameras = tuple(camera_frame(name) for name in (POLICY, *simulated_cameras(cameras)))
        self._deep = depth
        self._renderer = Renderer(model, IMAGE_SIZE, IMAGE_SIZE)

    def draw(self, simulations: Sequence[ArmSimulation]) -> NDArray[np.uint8]:
        """Returns the pictures that k simulations of one world send now, uint8, shape (k, 64, 64, c), as in the graph."""
        views = [self._views(simulations, camera) for camera in self._cameras]
        return views[0] if len(views) == 1 else np.concatenate(views, axis=-1)

    def draw_with_metres(self, simulations: Sequence[ArmSimulation]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Returns the pictures of the policy's cameras alone, and how far away each pixel is [m], shape (k, 64, 64)."""
        images = np.empty((len(simulations), IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
        metres = np.empty(images.shape[:3], np.float32)
        for index, simulation in enumerate(simulations):
            images[index] = simulation.picture(self._renderer)
            metres[index] = self._renderer.depth()
        return images, metres

    def _views(self, simulations: Sequence[ArmSimulation], camera: str) -> NDArray[np.uint8]:
        if not self._deep:
            return ArmSimulation.pictures(simulations, self._renderer, camera)
        views = (View(*simulation.picture_with_depth(self._renderer, camera)) for simulation in simulations)
        return np.stack([put_together([view]) for view in views])

    def close(self) -> None:
        """Releases the renderer."""
        self._renderer.close()
