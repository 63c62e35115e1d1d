"""The simulated world as the graph runs it: the arm's tick, the camera's tick, resets. Knows nothing of ROS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import JointSample, RgbImage, SceneSample, VelocityCommand
from jaco_sim.rendering import Renderer
from jaco_sim.scene import POLICY_CAMERA
from jaco_sim.simulation import TICK_S, ArmSimulation, make_scene
from jaco_sim.variation import Variation


@dataclass(frozen=True)
class Observation:
    """What one tick shows. `scene` and `image` (uint8, shape (h, w, 3), RGB) only at image ticks."""

    joints: JointSample
    scene: SceneSample | None = None
    image: RgbImage | None = None


class World:
    """One arm in its scene with a camera that takes a picture every control period, the first right after a reset."""

    def __init__(self, task: str, arm: str, profile: str, seed: int, image_size: int = 64) -> None:
        self._scene = make_scene(task, arm, profile, held_out=True)
        self.arm = self._scene.arm
        self.task = self._scene.task
        self._simulation = ArmSimulation(self._scene)
        self._renderer = Renderer(self._scene.model, image_size, image_size)
        self._seed = seed
        self._since_reset = 0
        self.image_size = image_size
        self.image_every = round(self.task.control_period_s / TICK_S)
        self.reset(seed)

    @property
    def stamp_ns(self) -> int:
        """Simulated time [ns]; it goes on over resets. It starts at one tick, since a stamp of 0 means "none" to ROS."""
        return self._simulation.stamp_ns + round(TICK_S * 1e9)

    @property
    def image_due(self) -> bool:
        return self._since_reset % self.image_every == 0

    @property
    def variation(self) -> Variation | None:
        """How this episode's world differs from its profile, None where nothing varies."""
        return self._simulation.variation if self._scene.varied else None

    def camera_matrix(self) -> NDArray[np.float64]:
        """Returns the camera's intrinsics [px], shape (3, 3)."""
        fovy = float(self._simulation.model.camera(POLICY_CAMERA).fovy[0])
        focal = 0.5 * self.image_size / np.tan(np.deg2rad(fovy) / 2.0)
        # The centre of the first pixel is (0, 0), as in OpenCV.
        centre = 0.5 * (self.image_size - 1)
        return np.array([[focal, 0.0, centre], [0.0, focal, centre], [0.0, 0.0, 1.0]])

    def observe(self) -> Observation:
        """Returns what this tick shows, stamped with `stamp_ns`."""
        simulation = self._simulation
        measured = simulation.joints()
        joints = JointSample(self.stamp_ns, measured.names, measured.position, measured.velocity, measured.effort)
        if not self.image_due:
            return Observation(joints)
        scene = simulation.scene()
        image = simulation.picture(self._renderer)
        return Observation(joints, SceneSample(self.stamp_ns, scene.objects, scene.contacts), image)

    def advance(self, command: VelocityCommand) -> None:
        """Applies the command's velocities [rad/s] for one tick.

        Raises:
            ContractError: the wrong number, or one that is not finite.
        """
        self._simulation.apply(command.velocity)
        self._simulation.step()
        self._since_reset += 1

    def reset(self, seed: int) -> None:
        """Puts arm and objects into the initial state of `seed` and lets a tick of time pass. The next tick takes a picture."""
        self._simulation.reset(seed)
        self._simulation.tick += 1
        self._since_reset = 0

    def close(self) -> None:
        self._renderer.close()
