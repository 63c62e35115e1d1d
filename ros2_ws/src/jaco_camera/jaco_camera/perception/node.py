"""The perception node: publishes /scene on a real arm, one for each image, under the image's own stamp."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import SceneState
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from sensor_msgs.msg import CameraInfo, Image, JointState

from jaco_camera.calibration import DISTORTION_LENGTH, Calibration
from jaco_camera.perception.colour import ColourRange
from jaco_camera.perception.cover import Cover
from jaco_camera.perception.finder import BallFinder, BallSpec, Sighting
from jaco_camera.perception.pose import load_pose
from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.polling import PolledSubscription
from jaco_core.scheduling import Urgency
from jaco_core.sync import StampBuffer
from jaco_core.types import JointSample, RgbImage, SceneSample
from jaco_core.units import NS_PER_S, seconds_to_ns


@dataclass(frozen=True)
class PerceptionConfig:
    """Parameters of the perception node. The defaults fit the task reach with its red ball."""

    arm: str = parameter("j2n6s300", "Name of the arm, which may stand before the target.")
    camera_pose: str = parameter("nominal", "Where the camera is: a YAML file, or a name in jaco_camera/perception/poses.")
    target: str = parameter("target", "Name of the target in /scene.")
    radius: float = parameter(0.035, "Radius of the ball that is the target.", unit="m", lower=0.005, upper=0.2)
    table_height: float = parameter(0.0, "Height of the table that it lies on, in the arm's base frame.", unit="m", lower=-2.0)
    hue: float = parameter(0.0, "Its hue: red is 0, green 120, blue 240.", unit="deg", lower=0.0, upper=360.0)
    hue_tolerance: float = parameter(20.0, "Hues so far from it still count.", unit="deg", lower=1.0, upper=90.0)
    saturation: float = parameter(0.5, "Least saturation, 0 to 1.", lower=0.0, upper=1.0)
    value: float = parameter(0.25, "Least brightness, 0 to 1.", lower=0.0, upper=1.0)
    lower: list[float] = parameter([0.20, -0.30], "Lowest x, y of the region that the target belongs in.", unit="m")
    upper: list[float] = parameter([0.65, 0.30], "Highest x, y of that region.", unit="m")
    tolerance: float = parameter(
        0.05, "Largest time between an image and the joint state that says what the arm covers.", unit="s", lower=0.0, upper=0.5
    )


class PerceptionNode(JacoNode[PerceptionConfig]):
    """Turns an image, its camera_info and its joint state into one scene. What lacks one of the three has none."""

    def __init__(self) -> None:
        super().__init__("perception", PerceptionConfig)

    def setup(self, config: PerceptionConfig) -> None:
        if len(config.lower) != 2 or len(config.upper) != 2:
            raise ContractError(f"'lower' and 'upper' are x and y each; got {config.lower} and {config.upper}.")
        self._config, self.urgency = config, Urgency.POLICY
        self._arm = load_arm(config.arm)
        colour = ColourRange(config.hue, config.hue_tolerance, config.saturation, config.value)
        (left, right), (low, high) = config.lower, config.upper
        ball = BallSpec(config.radius, colour, config.table_height, (left, right), (low, high))
        self._finder = BallFinder(ball, load_pose(config.camera_pose), Cover(self._arm))
        self._tolerance_ns = seconds_to_ns(config.tolerance)
        self._joints: StampBuffer[JointState] = StampBuffer()
        self._seen: Calibration | None = None
        self._waiting: tuple[int, RgbImage] | None = None
        self._said = ""
        self._scenes = self.create_publisher(SceneState, "/scene", qos.STATE_WRITER)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        self._joint_queue = PolledSubscription(self, JointState, "/joint_states", qos.STATE)
        self._subscriptions_made = [
            self.create_subscription(CameraInfo, "/camera/camera_info", self._on_camera_info, qos.SENSOR),
            self.create_subscription(Image, "/camera/image_raw", self._on_image, qos.SENSOR),
        ]
        # An image is judged once a joint state from after it has come: looked for as often as they come.
        self._retry = self.create_timer(0.5 / self._arm.state_rate_hz, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._retry.cancel()

    def release(self) -> None:
        if not hasattr(self, "_retry"):
            return
        self.destroy_timer(self._retry)
        self._joint_queue.destroy(self)
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        for publisher in (self._scenes, self._diagnostics):
            self.destroy_publisher(publisher)
        del self._retry

    def _on_camera_info(self, message: CameraInfo) -> None:
        if self._seen is not None and (self._seen.width, self._seen.height) == (message.width, message.height):
            return
        distortion = np.zeros(DISTORTION_LENGTH)
        distortion[: len(message.d)] = message.d[:DISTORTION_LENGTH]
        self._seen = Calibration(message.width, message.height, np.array(message.k).reshape(3, 3), distortion)

    def _on_image(self, message: Image) -> None:
        if not self.active:
            return
        try:
            image = convert.image_from_message(message)
        except ContractError as error:
            self.get_logger().error(f"An image was refused: {error}", throttle_duration_sec=1.0)
            return
        self._waiting = convert.stamp_to_ns(message.header.stamp), image
        self._look()

    def _look(self) -> None:
        """Judges the newest image as soon as its joint state is known."""
        for joints, _ in self._joint_queue.take_all():
            self._joints.add(convert.stamp_to_ns(joints.header.stamp), joints)
        if not self.active or self._waiting is None or self._seen is None:
            return
        stamp_ns, image = self._waiting
        message = self._joints.match(stamp_ns, self._tolerance_ns)
        if message is None and not self._joints.passed(stamp_ns):
            self._retry.reset()
            return
        self._retry.cancel()
        self._waiting = None
        if message is None:
            self.get_logger().warning("An image has no joint state and was not looked at.", throttle_duration_sec=1.0)
            return
        try:
            joints = convert.joints_from_message(message).ordered(self._arm.joint_names)
            if image.shape[:2] != (self._seen.height, self._seen.width):
                raise ContractError(f"The image is {image.shape[1]} x {image.shape[0]} px, camera_info says otherwise.")
        except ContractError as error:
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
            return
        self._publish(stamp_ns, image, self._seen, joints)

    def _publish(self, stamp_ns: int, image: RgbImage, seen: Calibration, joints: JointSample) -> None:
        found, name = self._finder.find(image, seen, joints.position), self._config.target
        objects = {} if found.position is None else {name: found.position}
        hidden, missing = (name,) if found.hidden else (), {} if found.position is not None else {name: found.reason}
        sample = SceneSample(stamp_ns, objects, hidden=hidden, missing=missing)
        self._scenes.publish(convert.scene_to_message(sample, self._arm.base_frame))
        self._report(found, stamp_ns)

    def _report(self, found: Sighting, stamp_ns: int) -> None:
        """Says what has changed at once, and the state of things once a second."""
        second = f"{stamp_ns // NS_PER_S}"
        state = "hidden" if found.hidden else found.reason or "seen"
        if self._said == state + second:
            return
        if found.reason and not self._said.startswith(state):
            self.get_logger().warning(found.sentence)
        self._said = state + second
        facts = {"state": state}
        if found.position is not None:
            facts["position"] = ", ".join(f"{value:.3f}" for value in found.position)
        text = found.sentence or "The target is seen."
        self._diagnostics.publish(convert.diagnostics_to_message("perception", self._arm.name, text, facts, stamp_ns))


def main() -> int:
    """Runs perception until it is told to stop."""
    return run_node(PerceptionNode)


if __name__ == "__main__":
    sys.exit(main())
