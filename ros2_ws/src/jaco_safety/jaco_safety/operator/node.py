"""The operator's console as a node: keys in, heartbeats, jog commands and requests out, the supervisor's word on the screen."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import Any

import rclpy
from jaco_interfaces.msg import JointVelocityCommand, SafetyStatus
from jaco_interfaces.srv import SetMode
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.errors import JacoError
from jaco_core.parameters import parameter
from jaco_core.ros import parameters, qos
from jaco_core.ros.convert import command_to_message
from jaco_core.types import VelocityCommand
from jaco_safety.modes import Mode
from jaco_safety.operator.keys import HELP, Keys, Request
from jaco_safety.operator.terminal import Terminal

_PERIOD = 0.05


@dataclass(frozen=True)
class Config:
    """Parameters of the console."""

    arm: str = parameter("j2n6s300", "Arm to jog.")
    speed: float = parameter(0.15, "Speed of a jogged joint.", unit="rad/s", lower=0.01, upper=0.5)
    hold: float = parameter(
        0.6, "A key counts as held for so long; its repetition must be faster.", unit="s", lower=0.1, upper=1.0
    )


class OperatorNode(Node):
    """Stamps what it sends with the newest joint state that it has seen: whoever sees old data holds nothing."""

    def __init__(self, read_keys: Any) -> None:
        """`read_keys`: returns what was pressed since its last call."""
        super().__init__("operator")
        parameters.declare(self, Config)
        config = parameters.read(self, Config)
        self._arm = load_arm(config.arm)
        self._read_keys = read_keys
        self._keys = Keys(len(self._arm), config.speed, config.hold)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._seen: JointState | None = None
        self._sequence = 0
        self._said = ""
        self.done = False
        self._heartbeat = self.create_publisher(Header, "/operator/heartbeat", qos.COMMAND)
        self._command = self.create_publisher(JointVelocityCommand, "/operator/command", qos.COMMAND)
        self._clients_made: dict[Request, Any] = {
            Request.STOP: self.create_client(Trigger, "/safety/stop"),
            Request.RESET: self.create_client(Trigger, "/safety/reset"),
        }
        self._set_mode = self.create_client(SetMode, "/safety/set_mode")
        self.create_subscription(JointState, "/joint_states", self._on_joints, qos.SENSOR)
        self.create_subscription(SafetyStatus, "/safety/status", self._on_status, qos.LATCHED)
        self.create_timer(_PERIOD, self._on_timer, clock=self._steady)

    def _on_joints(self, message: JointState) -> None:
        self._seen = message

    def _on_status(self, message: SafetyStatus) -> None:
        self._say(f"{message.mode}: {message.message}")

    def _on_timer(self) -> None:
        now_ns = int(self._steady.now().nanoseconds)
        for key in self._read_keys():
            wanted = self._keys.press(key, now_ns)
            if isinstance(wanted, Mode):
                self._ask(self._set_mode, SetMode.Request(mode=wanted.value))
            elif wanted is Request.QUIT:
                self.done = True
            elif wanted is not None:
                self._ask(self._clients_made[wanted], Trigger.Request())
        wish = self._keys.wish(now_ns)
        if self._seen is None:
            return
        stamp = self._seen.header.stamp
        if wish.held:
            self._heartbeat.publish(Header(stamp=stamp, frame_id="operator"))
        if wish.jog is not None:
            self._sequence += 1
            message = command_to_message(VelocityCommand(0, self._arm.joint_names, wish.jog, self._sequence))
            message.header.stamp = stamp
            self._command.publish(message)

    def _ask(self, client: Any, request: Any) -> None:
        if not client.service_is_ready():
            self._say(f"There is no {client.srv_name}; does the supervisor run?")
            return
        client.call_async(request).add_done_callback(lambda future: self._say(future.result().message))

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            print(text, flush=True)


def main() -> int:
    """Runs the console until q is pressed; returns the process's exit code."""
    rclpy.init()
    code = 0
    try:
        with Terminal() as terminal, contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
            node = OperatorNode(terminal.keys)
            print(HELP, flush=True)
            while not node.done:
                rclpy.spin_once(node, timeout_sec=0.1)
    except JacoError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    rclpy.try_shutdown()
    return code


if __name__ == "__main__":
    sys.exit(main())
