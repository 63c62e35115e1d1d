"""The ROS side of the kinova_ros backend: its parameters, topics and services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.context import Context

from jaco_core.arms import Arm
from jaco_core.parameters import parameter
from jaco_core.ros import parameters
from jaco_core.ros.interfaces import interface
from jaco_driver.kinova_ros.arm import KinovaRosArm
from jaco_driver.ros_link.node import RosLink
from jaco_driver.ros_link.topics import ArmTopics

_START = "kinova_msgs/srv/Start"
_STOP = "kinova_msgs/srv/Stop"


@dataclass(frozen=True)
class KinovaRosConfig:
    """Parameters of the driver node that only this backend reads."""

    kinova_name: str = parameter("j2n6s300", "Name that kinova-ros runs the arm under; its topics begin with /<name>_driver.")
    kinova_fingers: bool = parameter(
        True, "true: finger speeds go along, by in/joint_velocity_with_finger_velocity; false: the fingers stay."
    )
    kinova_state_timeout: float = parameter(
        0.09,
        "Joint states older than this are a lost connection: set kinova-ros's status_interval_seconds to 0.025 or less.",
        unit="s",
        lower=0.02,
        upper=0.5,
    )
    kinova_torques: bool = parameter(
        False, "true: joint torques go to the supervisor; needs kinova-ros's publish_torque_with_gravity_compensation."
    )
    kinova_wrench: bool = parameter(
        False,
        "true: kinova-ros's estimate of the force at the tool goes to the supervisor; it drifts with the arm's torque offsets.",
    )
    kinova_connect_timeout: float = parameter(5.0, "Longest wait for kinova-ros.", unit="s", lower=0.1, upper=60.0)


class KinovaTopics(ArmTopics):
    """A KinovaLink on real topics."""

    def __init__(
        self, name: str, prefix: str, fingers: bool, timeout: float, wrench: bool, context: Context | None = None
    ) -> None:
        """Raises ConfigError: kinova_msgs or a type of it is not installed; ConnectionLost: no answer within `timeout` [s]."""
        kind = "kinova_msgs/msg/" + ("JointVelocityWithFingerVelocity" if fingers else "JointVelocity")
        self._message: Any = interface(kind)
        self._driver = f"/{prefix}_driver"
        self._topic = f"{self._driver}/in/joint_velocity" + ("_with_finger_velocity" if fingers else "")
        interface(_START)
        told = f"{self._driver}/out"
        tool = f"{told}/tool_wrench" if wrench else ""
        super().__init__(RosLink(name, context), kind, self._topic, f"{told}/joint_state", tool)
        try:
            self.wait(lambda: self.readers() > 0, timeout, f"kinova-ros to take {self._topic}")
        except Exception:
            self.close()
            raise

    def trouble(self) -> str:
        return self._link.rivals(self._topic)

    def send(self, fields: Mapping[str, float]) -> None:
        self._publish(self._message(**fields))

    def latch(self) -> None:
        self._link.ask(_STOP, f"{self._driver}/in/stop")

    def unlatch(self, timeout: float) -> None:
        # A stop may still be on its way, and would latch the arm again after the start. Requests of one client stay in
        # order, those of two do not: once this stop is answered, every earlier one is over.
        self._link.call(_STOP, f"{self._driver}/in/stop", timeout)
        self._link.call(_START, f"{self._driver}/in/start", timeout)


def make_kinova_ros(arm: Arm, node: Any) -> KinovaRosArm:
    """Returns the backend with the parameters of the driver's `node`, or the defaults where that is None.

    Raises:
        ConfigError: a parameter is wrong, or kinova-ros does not drive such an arm.
    """
    config = KinovaRosConfig()
    if node is not None:
        config = parameters.read(node, KinovaRosConfig)
    name = f"{node.get_name()}_link" if node is not None else "driver_link"

    def make_link() -> KinovaTopics:
        return KinovaTopics(name, config.kinova_name, config.kinova_fingers, config.kinova_connect_timeout, config.kinova_wrench)

    return KinovaRosArm(
        arm,
        config.kinova_name,
        config.kinova_fingers,
        config.kinova_torques,
        make_link,
        config.kinova_state_timeout,
        config.kinova_connect_timeout,
    )
