"""The driver's node: /arm/command to the arm, the arm to /joint_states, and /arm/applied for what was really sent."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import WrenchStamped
from jaco_interfaces.msg import JointVelocityCommand, StopInput
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import qos
from jaco_core.ros.convert import (
    command_from_message,
    command_to_message,
    diagnostics_to_message,
    joints_to_message,
    ns_to_stamp,
    wrench_to_message,
)
from jaco_core.ros.endpoints import UNNAMED, publisher_names
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.scheduling import Urgency
from jaco_core.units import seconds_to_ns
from jaco_driver.backends import backend_names, make_backend
from jaco_driver.driver import LATCHED, Driver
from jaco_driver.kinova_ros.node import KinovaRosConfig
from jaco_driver.port import news_of, pace_of
from jaco_driver.ros2_control.node import Ros2ControlConfig

_COMMAND_TOPIC = "/arm/command"
_PACE_PERIOD_NS = seconds_to_ns(5.0)


@dataclass(frozen=True)
class Config(KinovaRosConfig, Ros2ControlConfig):
    """Parameters of the driver, and those that only one backend reads."""

    arm: str = parameter("j2n6s300", "Arm to drive.")
    backend: str = parameter("fake", "How the arm is reached.", choices=tuple(backend_names()))
    command_timeout: float = parameter(
        0.15, "The arm is brought to rest before no command came for so long.", unit="s", lower=0.02, upper=1.0
    )
    robot_ip: str = parameter("192.168.1.10", "Address of a Kortex arm.")
    tcp_port: int = parameter(10000, "Its port for commands.", lower=1, upper=65535)
    udp_port: int = parameter(10001, "Its port for feedback.", lower=1, upper=65535)
    credentials: str = parameter(
        "",
        "File with its user and password, a line each; empty: $JACO_KORTEX_USER and $JACO_KORTEX_PASSWORD, else the factory's.",
    )
    connection_timeout: float = parameter(
        0.45, "A Kortex arm stops itself when it has not heard from this computer for so long.", unit="s", lower=0.3, upper=0.6
    )


class DriverNode(JacoNode[Config]):
    """Ticks at the arm's state rate; commands are sent on as they come."""

    def __init__(self) -> None:
        super().__init__("driver", Config)
        # Not the node's clock: a paused /clock must not disarm the watchdog.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)

    def setup(self, config: Config) -> None:
        self._arm = load_arm(config.arm)
        self.config = config
        self._port = make_backend(config.backend, self._arm, self)
        self._port.configure()
        self.urgency = Urgency.ARM
        self._driver = Driver(self._arm, self._port, config.command_timeout)
        self._reported = ""
        self._published_ns = -1
        self._joints = self.create_publisher(JointState, "/joint_states", qos.STATE_WRITER)
        self._applied = self.create_publisher(JointVelocityCommand, "/arm/applied", qos.EVENT)
        self._wrench = self.create_publisher(WrenchStamped, "/arm/wrench", qos.STATE_WRITER)
        self._fault = self.create_publisher(StopInput, "/safety/inputs", qos.INPUT)
        self._commands = self.create_subscription(JointVelocityCommand, _COMMAND_TOPIC, self._on_command, qos.COMMAND)
        self._clear = self.create_service(Trigger, "~/clear_faults", self._on_clear_faults)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        self._told_ns = 0
        self._timer = self.create_timer(1.0 / self._arm.state_rate_hz, self._on_tick, clock=self._steady)

    def start(self) -> None:
        self._driver.start(self._now_ns())

    def halt(self) -> None:
        self._applied.publish(command_to_message(self._driver.halt(self._now_ns())))
        self._tell()

    def release(self) -> None:
        if not hasattr(self, "_timer"):
            return
        self._port.close()
        self.destroy_timer(self._timer)
        self.destroy_subscription(self._commands)
        self.destroy_service(self._clear)
        self.destroy_publisher(self._joints)
        self.destroy_publisher(self._applied)
        self.destroy_publisher(self._wrench)
        self.destroy_publisher(self._fault)
        self.destroy_publisher(self._diagnostics)
        del self._timer

    def _on_command(self, message: JointVelocityCommand) -> None:
        if not self.active or self._rivals():
            return
        try:
            command = command_from_message(message)
        except ContractError as error:
            self._driver.trip(str(error), self._now_ns())
        else:
            applied = self._driver.command(command, self._now_ns(), self._steady_ns())
            if applied is not None:
                self._applied.publish(command_to_message(applied))
        self._report()

    def _on_tick(self) -> None:
        if not self.active:
            return
        self._rivals()
        sample, applied = self._driver.tick(self._now_ns(), self._steady_ns())
        if sample is not None and sample.stamp_ns > self._published_ns:
            self._published_ns = sample.stamp_ns
            self._joints.publish(joints_to_message(sample, self._arm.base_frame))
        if applied is not None:
            self._applied.publish(command_to_message(applied))
        wrench = self._driver.wrench(self._now_ns())
        if wrench is not None:
            self._wrench.publish(wrench_to_message(wrench))
        self._tell_pace()
        self._report()

    def _tell_pace(self) -> None:
        """Publishes how regularly commands have gone out, now and then."""
        if self._steady_ns() - self._told_ns < _PACE_PERIOD_NS:
            return
        self._told_ns = self._steady_ns()
        pace = pace_of(self._port)
        if pace is not None:
            values = {name: f"{value:.3f}" for name, value in pace.figures().items()}
            message = diagnostics_to_message(self.get_name(), self._arm.name, pace.sentence(), values, self._now_ns())
            self._diagnostics.publish(message)

    def _rivals(self) -> bool:
        """Stops the arm when more than one node publishes commands, and tells whether that is so."""
        if self._commands.get_publisher_count() <= 1:
            return False
        fault = self._driver.fault
        if not fault or UNNAMED in fault:
            names = publisher_names(self, _COMMAND_TOPIC)
            why = f"{len(names)} nodes publish {_COMMAND_TOPIC}, only one may: {', '.join(names)}."
            if why != fault:
                self._driver.trip(why, self._now_ns(), instead_of=fault)
        return True

    def _on_clear_faults(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self.active:
            response.success, response.message = False, "The driver is not active."
        elif self._rivals():
            response.success, response.message = False, f"The cause lasts: {self._driver.fault}"
        else:
            problem = self._driver.clear_faults(self._now_ns())
            response.success, response.message = not problem, problem or "No fault; the arm is at rest and takes commands."
        self._report()
        return response

    def _report(self) -> None:
        """Logs a fault once, when it comes and when it goes, and tells the supervisor."""
        self._tell()
        fault = self._driver.fault
        if fault == self._reported:
            return
        self._reported = fault
        report = StopInput(kind=StopInput.DRIVER, source=self.get_name(), active=bool(fault), message=fault)
        report.header.stamp = ns_to_stamp(self._now_ns())
        self._fault.publish(report)
        if fault:
            self.get_logger().error(f"{fault} {LATCHED}")
        else:
            self.get_logger().info("Faults cleared.")

    def _tell(self) -> None:
        for sentence in news_of(self._port):
            self.get_logger().info(sentence)

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _steady_ns(self) -> int:
        return int(self._steady.now().nanoseconds)


def main() -> int:
    """Runs the driver until it is told to stop."""
    return run_node(DriverNode)


if __name__ == "__main__":
    sys.exit(main())
