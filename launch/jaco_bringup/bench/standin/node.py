"""Stands in for a camera that looks at an arm and a target: draws the simulator's scene at the arm's measured joint states.

It also stands in for the person at the table, who puts the target somewhere else before every episode.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from jaco_interfaces.msg import EpisodeState, SceneState
from sensor_msgs.msg import CameraInfo, Image, JointState

from jaco_camera.calibration import calibration_from_view
from jaco_core.parameters import parameter
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.scheduling import Urgency
from jaco_core.types import WAITING, SceneSample
from jaco_core.units import seconds_to_ns
from jaco_sim.rendering import Renderer
from jaco_sim.simulation import ArmSimulation, make_scene
from jaco_tasks.task import Layout

CAMERA_FRAME = "camera"


@dataclass(frozen=True)
class StandinConfig:
    """Parameters of the stand-in."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    task: str = parameter("reach", "Name of the task, which decides what lies on the table.")
    profile: str = parameter("nominal", "Simulator profile: what the scene looks like.")
    size: int = parameter(64, "Width and height of the picture.", unit="px", lower=16, upper=1024)
    rate: float = parameter(10.0, "Pictures per second.", unit="Hz", lower=1.0, upper=60.0)


class StandinNode(JacoNode[StandinConfig]):
    """Publishes what a camera would, and on /standin/scene where the target really is."""

    def __init__(self) -> None:
        super().__init__("camera", StandinConfig)

    def setup(self, config: StandinConfig) -> None:
        self.urgency = Urgency.POLICY
        scene = make_scene(config.task, config.arm, config.profile, held_out=True)
        self._simulation = ArmSimulation(scene)
        self._renderer = Renderer(scene.model, config.size, config.size)
        self._seen = calibration_from_view(config.size, config.size, np.deg2rad(scene.profile.policy_camera.fovy))
        self._period_ns = seconds_to_ns(1.0 / config.rate)
        self._shown_ns = 0
        self._place(0)
        self._images = self.create_publisher(Image, "/camera/image_raw", qos.STATE)
        self._infos = self.create_publisher(CameraInfo, "/camera/camera_info", qos.STATE)
        self._truth = self.create_publisher(SceneState, "/standin/scene", qos.STATE)
        self.create_subscription(JointState, "/joint_states", self._on_joints, qos.STATE)
        self.create_subscription(EpisodeState, "/episode/state", self._on_episode, qos.EVENT)

    def release(self) -> None:
        if hasattr(self, "_renderer"):
            self._renderer.close()

    def _place(self, seed: int) -> None:
        """Puts the target where an episode with `seed` would have it."""
        self._seed = seed
        world = self._simulation.world
        self._target = world.task.sample_layout(world.arm, np.random.default_rng(seed)).objects

    def _on_episode(self, message: EpisodeState) -> None:
        if message.phase == WAITING and message.seed != self._seed:
            self._place(int(message.seed))

    def _on_joints(self, message: JointState) -> None:
        stamp_ns = convert.stamp_to_ns(message.header.stamp)
        if not self.active or 0 <= stamp_ns - self._shown_ns < self._period_ns:
            return
        self._shown_ns = stamp_ns
        arm = self._simulation.arm
        joints = convert.joints_from_message(message).ordered(arm.joint_names)
        self._simulation.place(Layout(joints.position, self._target))
        image = self._simulation.picture(self._renderer)
        seen = self._seen
        self._infos.publish(
            convert.camera_info_to_message(seen.width, seen.height, seen.matrix, seen.distortion, stamp_ns, CAMERA_FRAME)
        )
        self._images.publish(convert.image_to_message(image, stamp_ns, CAMERA_FRAME))
        truth = SceneSample(stamp_ns, self._target, self._simulation.contacts())
        self._truth.publish(convert.scene_to_message(truth, arm.base_frame))


def main() -> int:
    """Runs the stand-in until it is told to stop."""
    return run_node(StandinNode)


if __name__ == "__main__":
    sys.exit(main())
