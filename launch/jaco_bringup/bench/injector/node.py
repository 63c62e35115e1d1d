"""The injector's node: relays commands, joint states and images, and distorts them on demand."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import rclpy
from jaco_interfaces.msg import JointVelocityCommand
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Int64, String

from jaco_bringup.bench.injector.distortion import Distortion, Due, Order
from jaco_core.ros import qos
from jaco_core.scheduling import Urgency, hurry

ORDERS, BEGAN = "/injector/order", "/injector/began"
STREAMS: dict[str, tuple[tuple[type, str, Any, Any], ...]] = {
    "command": ((JointVelocityCommand, "/policy/command", qos.COMMAND, ("velocities", "joint_names")),),
    "joints": ((JointState, "/joint_states", qos.STATE, ("position", "name")),),
    "camera": (
        (Image, "/camera/image_raw", qos.STATE, ("", "")),
        (CameraInfo, "/camera/camera_info", qos.STATE, ("", "")),
    ),
}
_PERIOD = 0.005


class InjectorNode(Node):
    """Takes each topic from `/undistorted` + its name and passes it on under its name."""

    def __init__(self) -> None:
        super().__init__("injector")
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._distortions: dict[str, list[Distortion]] = {stream: [] for stream in STREAMS}
        self._unbegun: set[str] = set()
        self._began = self.create_publisher(Int64, BEGAN, qos.EVENT)
        self._waiting: list[tuple[Any, Due]] = []
        for stream, topics in STREAMS.items():
            for kind, topic, profile, fields in topics:
                distortion = Distortion(*fields)
                self._distortions[stream].append(distortion)
                publisher = self.create_publisher(kind, topic, profile)
                self.create_subscription(kind, f"/undistorted{topic}", self._relay(stream, distortion, publisher), profile)
        self.create_subscription(String, ORDERS, self._on_order, qos.EVENT)
        self.create_timer(_PERIOD, self._publish_due, clock=self._steady)

    def _on_order(self, message: String) -> None:
        order = Order.from_json(message.data)
        for distortion in self._distortions[order.stream]:
            distortion.order(order)
        if order.kind == "none":
            self._unbegun.discard(order.stream)
            # What is late is lost: it would come behind newer messages.
            self._waiting.clear()
        else:
            self._unbegun.add(order.stream)

    def _relay(self, stream: str, distortion: Distortion, publisher: Any) -> Any:
        def relay(message: Any) -> None:
            now_ns = int(self._steady.now().nanoseconds)
            if stream in self._unbegun:
                # The steady clock is the machine's: whoever measures here can compare.
                self._unbegun.discard(stream)
                self._began.publish(Int64(data=now_ns))
            for due in distortion.apply(message, now_ns):
                if due.due_ns <= now_ns:
                    publisher.publish(due.message)
                else:
                    self._waiting.append((publisher, due))

        return relay

    def _publish_due(self) -> None:
        if not self._waiting:
            return
        now_ns = int(self._steady.now().nanoseconds)
        ready = [entry for entry in self._waiting if entry[1].due_ns <= now_ns]
        self._waiting = [entry for entry in self._waiting if entry[1].due_ns > now_ns]
        for publisher, due in ready:
            publisher.publish(due.message)


def main() -> int:
    """Relays until it is told to stop."""
    rclpy.init()
    node = InjectorNode()
    # It stands in the way of what the graph's own processes hurry for.
    node.get_logger().info(hurry(Urgency.SUPERVISOR))
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)
    rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
