"""The ROS side of the ros2_control backend: its parameters, topics and services."""

from __future__ import annotations

import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.context import Context
from rclpy.duration import Duration
from trajectory_msgs.msg import JointTrajectoryPoint

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import parameters
from jaco_core.ros.interfaces import interface
from jaco_core.types import JointSample
from jaco_driver.ros2_control.arm import Ros2ControlArm
from jaco_driver.ros2_control.commands import Array, Command
from jaco_driver.ros2_control.guard import Guard
from jaco_driver.ros2_control.robots import Robot, load_robot
from jaco_driver.ros_link.node import RosLink
from jaco_driver.ros_link.topics import ArmTopics


@dataclass(frozen=True)
class Ros2ControlConfig:
    """Parameters of the driver node that only this backend reads."""

    controllers: str = parameter(
        "generic", "ros2_control set-up: generic, ur, franka, kortex, or the path of a file like theirs."
    )
    controller: str = parameter("", "Name of the controller; empty: the set-up's.")
    command_interface: str = parameter(
        "", "What the controller takes; empty: the set-up's.", choices=("", "velocity", "position", "trajectory")
    )
    controller_joint_states: str = parameter("", "Topic of the broadcaster's joint states; empty: the set-up's.")
    joint_prefix: str = parameter("", "What the controller's joint names begin with; empty: the set-up's.")
    controller_state_timeout: float = parameter(
        0.15, "Joint states older than this are a lost connection.", unit="s", lower=0.02, upper=1.0
    )
    controller_connect_timeout: float = parameter(
        5.0, "Longest wait for controller and joint states.", unit="s", lower=0.1, upper=60.0
    )


class ControllerTopics(ArmTopics):
    """A ControllerLink on real topics."""

    def __init__(
        self, name: str, arm: Arm, robot: Robot, timeout: float, context: Context | None = None, guarded: bool = False
    ) -> None:
        """Raises ConfigError: a message type is not installed; ConnectionLost: no status topic within `timeout` [s]."""
        self._robot = robot
        self._names = [robot.joint_prefix + joint for joint in arm.joint_names]
        self._status: dict[str, Any] = {}
        self._guard: Guard | None = None
        self._moving = False
        trajectory = robot.command_interface == "trajectory"
        kind = "trajectory_msgs/msg/JointTrajectory" if trajectory else "std_msgs/msg/Float64MultiArray"
        self._message: Any = interface(kind)
        super().__init__(RosLink(name, context), kind, robot.command_topic, robot.joint_states, robot.wrench)
        try:
            self._statuses = [self._link.listen_as_offered(s.type, s.topic, timeout) for s in robot.status]
            self.wait(self._heard, timeout, "the robot to tell its status")
            if guarded:
                self._guard = Guard(robot.command_topic, len(arm), f"{name}_guard")
                self.wait(self._guard.ready, timeout, "the controller's guard to start")
        except Exception:
            self.close()
            raise

    def joints(self) -> Sequence[JointSample]:
        if self._guard is not None:
            self._guard.feed(moving=self._moving)
        return super().joints()

    def trouble(self) -> str:
        self._heard()
        for status in self._robot.status:
            value = self._status.get(status.topic)
            if value not in status.good:
                return f"{status.topic} says {status.field} = {value}, expected {' or '.join(map(str, status.good))}"
        if self._guard is not None and not self._guard.alive:
            return "the process that guards its velocity controller has ended"
        return self._link.rivals(self._robot.command_topic, allowed=1 if self._guard is None else 2)

    def controlled_joints(self, timeout: float) -> tuple[str, ...]:
        request = interface("rcl_interfaces/srv/GetParameters").Request(names=["joints"])
        service = f"/{self._robot.controller.strip('/')}/get_parameters"
        answer = self._link.call("rcl_interfaces/srv/GetParameters", service, timeout, request)
        self.wait(lambda: self.readers() > 0, timeout, f"controller '{self._robot.controller}' to take commands")
        return tuple(answer.values[0].string_array_value) if answer.values else ()

    def send(self, command: Command) -> None:
        self._moving = isinstance(command, Array) and bool(np.any(command.values))
        if self._guard is not None:
            self._guard.feed(moving=self._moving)
        self._publish(self._to_message(command))

    def reset(self, timeout: float) -> str:
        refused = ""
        for reset in self._robot.resets:
            answer = self._link.call(reset.type, reset.service, timeout)
            if not getattr(answer, "success", True):
                refused = f"{reset.service} refused: {getattr(answer, 'message', '')}"
        return refused

    def close(self) -> None:
        if self._guard is not None:
            self._guard.close()
        super().close()

    def _heard(self) -> bool:
        """Reads the status topics; tells whether all of them have spoken."""
        for status, subscription in zip(self._robot.status, self._statuses, strict=True):
            message = subscription.take_newest()
            if message is None:
                continue
            if not hasattr(message, status.field):
                raise ContractError(f"{status.type} on {status.topic} has no field '{status.field}'.")
            self._status[status.topic] = getattr(message, status.field)
        return len(self._status) == len(self._robot.status)

    def _to_message(self, command: Command) -> Any:
        if isinstance(command, Array):
            return self._message(data=array.array("d", command.values))
        message = self._message(joint_names=self._names)
        for point in command.points:
            message.points.append(
                JointTrajectoryPoint(
                    positions=array.array("d", point.position),
                    velocities=array.array("d", point.velocity),
                    time_from_start=Duration(seconds=point.seconds).to_msg(),
                )
            )
        return message


def make_ros2_control(arm: Arm, node: Any) -> Ros2ControlArm:
    """Returns the backend with the parameters of the driver's `node`, or the defaults where that is None.

    Raises:
        ConfigError: a parameter or the set-up's file is wrong.
    """
    config = Ros2ControlConfig()
    if node is not None:
        config = parameters.read(node, Ros2ControlConfig)
    robot = load_robot(
        config.controllers,
        controller=config.controller,
        command_interface=config.command_interface,
        joint_states=config.controller_joint_states,
        joint_prefix=config.joint_prefix,
    )
    name = f"{node.get_name()}_link" if node is not None else "driver_link"

    def make_link() -> ControllerTopics:
        # The other kinds of controllers stop by themselves when no command comes any more.
        guarded = robot.command_interface == "velocity"
        return ControllerTopics(name, robot.driven(arm), robot, config.controller_connect_timeout, guarded=guarded)

    return Ros2ControlArm(arm, robot, make_link, config.controller_state_timeout, config.controller_connect_timeout)
