"""The scene around the emulated arm: the same table, target, light and camera as in simulation, drawn where the arm really is."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np

from jaco_camera.calibration import calibration_from_view
from jaco_core.errors import ConfigError
from jaco_core.types import RgbImage, Vector, frozen_vector
from jaco_sim.rendering import Renderer
from jaco_sim.scene import POLICY_CAMERA
from jaco_sim.simulation import ArmSimulation, make_scene
from jaco_tasks.task import Layout

# [levels] Standard deviation of the picture's noise. A camera without any would look frozen while the arm stands.
NOISE = 1.0
_MAX_PROPOSALS = 1000


class Stage:
    """What stands around the arm. Objects may be moved from any thread; pictures are drawn by one."""

    def __init__(self, task: str, arm: str, profile: str, seed: int) -> None:
        """Raises ConfigError when there is no such task, arm or profile, or the task's objects move by themselves."""
        scene = make_scene(task, arm, profile, held_out=True)
        moving = [item.name for item in scene.task.objects if item.moves]
        if moving:
            raise ConfigError(f"In task '{task}' the {moving[0]} moves by itself; an emulated base's scene stands still.")
        # The arm moves in a copy, since it steps at its own pace. The table is in its way there too.
        self.model: Any = copy.copy(scene.model)
        self._simulation = ArmSimulation(scene)
        self._lock = threading.Lock()
        self._noise = np.random.default_rng(seed)
        self._simulation.reset(seed)
        assert self._simulation.layout is not None
        self._objects = dict(self._simulation.layout.objects)

    def reset(self, seed: int, position: Vector) -> dict[str, Vector]:
        """Draws the objects' places and the look of an episode with `seed` while the arm stays at `position` [rad], shape (n,).

        Returns object name -> position [m], shape (3,), in the arm's base frame: the first that the task accepts for where
        the arm is, or the last of 1000, where the arm is somewhere that no episode starts from.
        """
        with self._lock:
            simulation = self._simulation
            simulation.reset(seed)
            task, rng = simulation.world.task, np.random.default_rng(np.random.SeedSequence(seed))
            for _ in range(_MAX_PROPOSALS):
                self._objects = dict(task.sample_layout(simulation.arm, rng).objects)
                simulation.place(Layout(position, self._objects))
                if task.accepts(Layout(position, self._objects), simulation.palm):
                    break
            return dict(self._objects)

    def move(self, name: str, position: Vector) -> None:
        """Puts the object `name` to `position` [m], shape (3,), in the arm's base frame.

        Raises:
            ConfigError: there is no such object, or the position is none.
        """
        with self._lock:
            if name not in self._objects:
                raise ConfigError(f"There is no object '{name}' in the scene; there is {', '.join(self._objects)}.")
            if len(position) != 3 or not np.isfinite(position).all():
                raise ConfigError(f"An object's position is three finite numbers, got {np.asarray(position).tolist()}.")
            self._objects[name] = frozen_vector(position)

    def scene(self, position: Vector) -> dict[str, Any]:
        """Returns the objects' positions and what touches what, with the arm at `position` [rad], shape (n,)."""
        with self._lock:
            self._simulation.place(Layout(position, self._objects))
            seen = self._simulation.scene()
        return {"objects": {name: place.tolist() for name, place in seen.objects.items()}, "contacts": list(seen.contacts)}

    def picture(self, position: Vector, renderer: Renderer) -> RgbImage:
        """Returns what the policy's camera sees with the arm at `position` [rad], shape (n,), with the noise of a camera."""
        with self._lock:
            self._simulation.place(Layout(position, self._objects))
            image = self._simulation.picture(renderer)
        noisy = image + self._noise.normal(0.0, NOISE, image.shape)
        return np.asarray(np.clip(np.rint(noisy), 0, 255), dtype=np.uint8)

    def calibration(self, size: int) -> dict[str, Any]:
        """Returns the camera's intrinsics for pictures of `size` x `size` [px] in the form of ROS's camera_calibration."""
        fovy = float(self._simulation.model.camera(POLICY_CAMERA).fovy[0])
        seen = calibration_from_view(size, size, np.deg2rad(fovy))
        return {
            "image_width": size,
            "image_height": size,
            "distortion_model": "plumb_bob",
            "camera_matrix": {"rows": 3, "cols": 3, "data": seen.matrix.ravel().tolist()},
            "distortion_coefficients": {"rows": 1, "cols": 5, "data": [0.0] * 5},
        }

    def renderer(self, size: int) -> Renderer:
        """Returns a renderer of pictures of `size` x `size` [px], for the calling thread. Raises ConfigError without OpenGL."""
        return Renderer(self._simulation.model, size, size)
