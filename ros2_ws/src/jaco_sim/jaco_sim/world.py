"""The simulated world as the graph runs it: the arm's tick, the camera's tick, resets. Knows nothing of ROS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.cameras import POLICY, camera_frame
from jaco_core.frames import FixedFrame
from jaco_core.types import EpisodeStart, JointSample, RgbImage, SceneSample, VelocityCommand
from jaco_core.views import View
from jaco_sim.cameras import Cameras
from jaco_sim.palm import PalmOf
from jaco_sim.simulation import TICK_S, ArmSimulation, make_scene
from jaco_sim.variation import Variation
from jaco_tasks.near_starts import NearStarts


@dataclass(frozen=True)
class Observation:
    """What one tick shows. `scene` and `views`, one of each camera by its name, the policy's among them, only at image ticks."""

    joints: JointSample
    scene: SceneSample | None = None
    views: Mapping[str, View] = field(default_factory=dict)

    @property
    def image(self) -> RgbImage | None:
        """What the policy's camera sees."""
        return self.views[POLICY].image if POLICY in self.views else None


class World:
    """One arm in its scene with cameras that take a picture every control period, the first right after a reset."""

    def __init__(
        self,
        task: str,
        arm: str,
        profile: str,
        seed: int,
        image_size: int = 64,
        cameras: tuple[str, ...] = (),
        depth: bool = False,
    ) -> None:
        """`cameras`: further ones beside the policy's. `depth`: every camera measures it.

        Raises:
            ConfigError: one of the names is not known.
        """
        scene = make_scene(task, arm, profile, held_out=True)
        self.arm, self.task = scene.arm, scene.task
        # The places to choose from are the same in every run: a start is a function of its seed and distance.
        self._near_starts = NearStarts(scene.task, scene.arm, PalmOf(scene), seed=0)
        self._scene = replace(scene, task=self._near_starts)
        self._simulation = ArmSimulation(self._scene)
        self._cameras = Cameras(self._scene.model, cameras, depth, image_size)
        self.cameras = self._cameras.names
        self._seed = seed
        self._since_reset = 0
        self.image_size = image_size
        self.image_every = round(self.task.control_period_s / TICK_S)
        self.reset(EpisodeStart(seed))

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

    def camera_matrix(self, camera: str = POLICY) -> NDArray[np.float64]:
        """Returns a camera's intrinsics [px], shape (3, 3)."""
        fovy = float(self._simulation.model.camera(camera_frame(camera)).fovy[0])
        focal = 0.5 * self.image_size / np.tan(np.deg2rad(fovy) / 2.0)
        # The centre of the first pixel is (0, 0), as in OpenCV.
        centre = 0.5 * (self.image_size - 1)
        return np.array([[focal, 0.0, centre], [0.0, focal, centre], [0.0, 0.0, 1.0]])

    def camera_place(self, camera: str = POLICY) -> FixedFrame:
        """Returns where a camera is in this episode, on the link that it moves with or in the arm's base frame; OpenCV's axes."""
        model = self._simulation.model
        index = model.camera(camera_frame(camera)).id
        body = int(model.cam_bodyid[index])
        rotation = np.empty(9)
        mujoco.mju_quat2Mat(rotation, model.cam_quat[index])
        # MuJoCo's cameras look along -z with y up, OpenCV's along z with y down.
        axes = rotation.reshape(3, 3) * (1.0, -1.0, -1.0)
        parent = model.body(body).name if body else self.arm.base_frame
        return FixedFrame(camera_frame(camera), parent, np.array(model.cam_pos[index]), axes)

    def observe(self) -> Observation:
        """Returns what this tick shows, stamped with `stamp_ns`."""
        simulation = self._simulation
        measured = simulation.joints()
        joints = JointSample(self.stamp_ns, measured.names, measured.position, measured.velocity, measured.effort)
        if not self.image_due:
            return Observation(joints)
        scene = simulation.scene()
        views = self._cameras.look(simulation)
        return Observation(joints, SceneSample(self.stamp_ns, scene.objects, scene.contacts), views)

    def advance(self, command: VelocityCommand) -> None:
        """Applies the command's velocities [rad/s] for one tick.

        Raises:
            ContractError: the wrong number, or one that is not finite.
        """
        self._simulation.apply(command.velocity)
        self._simulation.step()
        self._since_reset += 1

    def prepare_near_starts(self) -> None:
        """Does now what the first reset near the target would take some tenths of a second for."""
        self._near_starts.prepare()

    def reset(self, start: EpisodeStart) -> None:
        """Puts arm and objects into the initial state `start` and lets a tick of time pass. The next tick takes a picture.

        An episode that finds no start so near to its target begins further away.
        """
        self._near_starts.furthest = start.bound
        self._simulation.reset(start.seed)
        self._simulation.tick += 1
        self._since_reset = 0

    def close(self) -> None:
        self._cameras.close()
