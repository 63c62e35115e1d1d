"""The markers node: what RViz shows. It looks a few times a second, however fast the graph runs."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import Any

from jaco_interfaces.msg import SafetyStatus, SceneState
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from visualization_msgs.msg import Marker, MarkerArray

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import qos
from jaco_core.ros.convert import joints_from_message, scene_from_message, stamp_to_ns
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.polling import PolledSubscription
from jaco_core.scheduling import Urgency
from jaco_core.units import NS_PER_S, seconds_to_ns
from jaco_monitor.markers import messages
from jaco_monitor.markers.links import arm_links, base_positions, link_poses
from jaco_monitor.markers.urdf import robot_description
from jaco_monitor.palette import state_color, state_name
from jaco_safety.limits import load_limits

# Only the newest counts, and a publisher must never wait for somebody who only looks.
GLANCE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
CAPTION_HEIGHT_M = 0.15


@dataclass(frozen=True)
class MarkersConfig:
    """Parameters of the markers node."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    rate: float = parameter(
        10.0, "Updates per second, at most, in real and in joint-state time.", unit="Hz", lower=0.1, upper=60.0
    )
    object_radius: float = parameter(0.03, "Radius that objects are drawn with.", unit="m", lower=0.001, upper=1.0)
    lockstep: bool = parameter(False, "The simulator waits for answers, so that nothing is urgent.")


class MarkersNode(JacoNode[MarkersConfig]):
    """Publishes /robot_description, and /markers and /tf while somebody looks at them."""

    def __init__(self) -> None:
        super().__init__("markers", MarkersConfig)
        self._polled: list[PolledSubscription] = []

    def setup(self, config: MarkersConfig) -> None:
        """Builds the robot description; refuses without tf2_msgs or for an arm without a model."""
        self._transforms_type = _transforms_type()
        self.urgency = None if config.lockstep else Urgency.OBSERVER
        self._arm = load_arm(config.arm)
        self._limits = load_limits(config.arm)
        self._links = arm_links(self._arm)
        moving = {joint.name for joint in self._arm.joints if joint.kind == "arm"}
        self._spine = [*(link.name for link in self._links if link.joint in moving), self._arm.tool_frame]
        self._radius = config.object_radius
        self._period_ns = seconds_to_ns(1.0 / config.rate)
        self._last_ns = -NS_PER_S
        self._status: SafetyStatus | None = None
        self._scene: SceneState | None = None
        self._markers = self.create_publisher(MarkerArray, "/markers", qos.STATE)
        self._transforms = self.create_publisher(self._transforms_type, "/tf", qos.STATE)
        self._description = self.create_publisher(String, "/robot_description", qos.LATCHED)
        self._description.publish(String(data=robot_description(self._arm, self._links)))
        self._joint_states = PolledSubscription(self, JointState, "/joint_states", GLANCE)
        self._scenes = PolledSubscription(self, SceneState, "/scene", GLANCE)
        self._statuses = PolledSubscription(self, SafetyStatus, "/safety/status", qos.LATCHED)
        self._polled = [self._joint_states, self._scenes, self._statuses]
        # Steady: it looks in real time, however fast /clock runs.
        self._timer = self.create_timer(1.0 / config.rate, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def release(self) -> None:
        if not self._polled:
            return
        self.destroy_timer(self._timer)
        for subscription in self._polled:
            subscription.destroy(self)
        self._polled = []
        for publisher in (self._markers, self._transforms, self._description):
            self.destroy_publisher(publisher)

    def _look(self) -> None:
        if not (self.active and any(publisher.get_subscription_count() for publisher in (self._markers, self._transforms))):
            return
        message = self._joint_states.take_newest()
        if message is None:
            return
        now_ns = stamp_to_ns(message.header.stamp)
        if 0 <= now_ns - self._last_ns < self._period_ns:
            return
        self._last_ns = now_ns
        self._scene = self._scenes.take_newest() or self._scene
        self._status = self._statuses.take_newest() or self._status
        try:
            self._show(message)
        except ContractError as error:
            self.get_logger().error(str(error), throttle_duration_sec=10.0)

    def _show(self, message: JointState) -> None:
        joints = joints_from_message(message).ordered(self._arm.joint_names)
        stamp, frame = message.header.stamp, self._arm.base_frame
        poses = link_poses(self._links, dict(zip(joints.names, map(float, joints.position), strict=True)))
        # Both are large: drawing them for nobody would take time from the graph.
        if self._transforms.get_subscription_count():
            moved = [messages.transform(link, pose, stamp) for link, pose in zip(self._links, poses, strict=True)]
            self._transforms.publish(self._transforms_type(transforms=moved))
        if self._markers.get_subscription_count():
            places = base_positions(self._links, poses, frame)
            self._markers.publish(MarkerArray(markers=self._drawn(places, frame, stamp)))

    def _drawn(self, places: dict[str, Any], frame: str, stamp: Any) -> list[Marker]:
        state = self._status.state if self._status is not None else None
        color = state_color(state)
        spine = [places[name] for name in self._spine]
        drawn = [
            messages.skeleton(spine, color, frame, stamp),
            messages.box(self._limits.workspace_lower, self._limits.workspace_upper, frame, stamp),
        ]
        if self._scene is not None:
            drawn += messages.scene_objects(scene_from_message(self._scene), self._radius, frame, stamp)
        reason = self._status.reason if self._status is not None else "none"
        text = state_name(state) + ("" if reason == "none" else f"\n{reason}")
        x, y, z = places[self._arm.tool_frame]
        return [*drawn, messages.caption(text, (x, y, z + CAPTION_HEIGHT_M), color, frame, stamp)]


def _transforms_type() -> Any:
    try:
        return importlib.import_module("tf2_msgs.msg").TFMessage
    except ImportError as error:
        raise ConfigError(
            "The package tf2_msgs (transforms) is not installed; run './jaco doctor', or install ros-<distribution>-tf2-msgs."
        ) from error


def main() -> None:
    sys.exit(run_node(MarkersNode))
