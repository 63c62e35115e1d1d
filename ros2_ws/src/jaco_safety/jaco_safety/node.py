"""The safety supervisor's node: the only publisher of /arm/command."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import WrenchStamped
from jaco_interfaces.msg import JointVelocityCommand, SafetyStatus, StopInput, SupervisedStep
from jaco_interfaces.srv import SetMode
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from sensor_msgs.msg import CameraInfo, JointState
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import qos
from jaco_core.ros.convert import (
    command_from_message,
    command_to_message,
    joints_from_message,
    stamp_to_ns,
    wrench_from_message,
)
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.types import VelocityCommand, frozen_vector
from jaco_core.units import NS_PER_S
from jaco_safety.interlocks import InputKind
from jaco_safety.limits import load_limits
from jaco_safety.messages import StatusKey, diagnostics_message, status_key, status_message, step_message
from jaco_safety.modes import MODE_NAMES, Mode
from jaco_safety.proposals import Source
from jaco_safety.reasons import Evidence, Reason
from jaco_safety.supervisor import Answer, Supervisor

# Silence is noticed within its bound and one of these [s].
_WATCHDOG_PERIOD = 0.02
_DIAGNOSTICS_PERIOD = 1.0
# Topics that move the arm: one publisher each.
_SOLE = ("/arm/command", "/policy/command", "/operator/command")


@dataclass(frozen=True)
class Config:
    """Parameters of the supervisor."""

    arm: str = parameter("j2n6s300", "Arm to supervise.")
    limits_file: str = parameter("", "YAML file with safety limits; empty: the packaged ones of the arm.")
    mode: str = parameter("autonomous", "Mode to start in; /safety/set_mode changes it.", choices=MODE_NAMES)
    lockstep: bool = parameter(False, "Joint states come at the pace of a simulator that waits for answers.")
    lockstep_timeout: float = parameter(10.0, "In lockstep, longest wait for a joint state.", unit="s", lower=0.1, upper=600.0)
    command_age: float = parameter(
        0.0, "Oldest policy command that is acted on; 0: as in the limits file.", unit="s", lower=0.0, upper=5.0
    )
    joint_silence: float = parameter(
        0.0, "In real time, longest wait for a joint state; 0: as in the limits file.", unit="s", lower=0.0, upper=5.0
    )


class SafetyNode(JacoNode[Config]):
    """Turns messages into the supervisor's inputs and its answers into messages."""

    def __init__(self) -> None:
        super().__init__("supervisor", Config)
        # Not the node's clock: a paused /clock must not disarm the watchdog.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)

    def setup(self, config: Config) -> None:
        arm = load_arm(config.arm)
        limits = load_limits(arm.name, config.limits_file)
        if config.command_age > 0.0:
            limits = replace(limits, command_age=config.command_age)
        silence = config.lockstep_timeout if config.lockstep else config.joint_silence or limits.joint_silence
        self._joint_names = arm.joint_names
        self._supervisor = Supervisor(arm, limits, silence, realtime=not config.lockstep, mode=Mode(config.mode))
        self._zero = frozen_vector([0.0] * len(arm))
        self._sequence = 0
        self._published: StatusKey | None = None
        self._publishers_made = (
            self.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND_WRITER),
            self.create_publisher(SafetyStatus, "/safety/status", qos.LATCHED),
            self.create_publisher(SupervisedStep, "/safety/step", qos.EVENT),
            self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT),
        )
        self._command, self._status, self._steps, self._diagnostics = self._publishers_made
        subscribe = self.create_subscription
        self._subscriptions_made = [
            subscribe(JointState, "/joint_states", self._on_joints, qos.STATE),
            subscribe(
                JointVelocityCommand, "/policy/command", lambda message: self._on_command(message, Source.POLICY), qos.COMMAND
            ),
            subscribe(
                JointVelocityCommand, "/operator/command", lambda message: self._on_command(message, Source.OPERATOR), qos.COMMAND
            ),
            subscribe(CameraInfo, "/camera/camera_info", self._on_camera_info, qos.SENSOR),
            subscribe(Header, "/operator/heartbeat", self._on_heartbeat, qos.COMMAND),
            subscribe(StopInput, "/safety/inputs", self._on_stop_input, qos.INPUT),
            subscribe(WrenchStamped, "/arm/wrench", self._on_wrench, qos.STATE),
        ]
        self._services_made = [
            self.create_service(Trigger, "/safety/stop", self._on_stop),
            self.create_service(Trigger, "/safety/reset", self._on_reset),
            self.create_service(SetMode, "/safety/set_mode", self._on_set_mode),
        ]
        self._timers_made = [
            self.create_timer(period, callback, clock=self._steady)
            for period, callback in (
                (_WATCHDOG_PERIOD, self._on_watchdog),
                (limits.supervision.authority_period, self._on_authority),
                (_DIAGNOSTICS_PERIOD, self._on_diagnostics),
            )
        ]

    def start(self) -> None:
        self._supervisor.begin()
        self._published = None
        self._publish_status()

    def halt(self) -> None:
        answer = self._supervisor.answer
        self._publish_command(Answer(answer.stamp_ns if answer is not None else 0, self._zero, Evidence(Reason.NO_COMMAND)))
        self._published = None
        self._publish_status()

    def release(self) -> None:
        if not hasattr(self, "_timers_made"):
            return
        for timer in self._timers_made:
            self.destroy_timer(timer)
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        for service in self._services_made:
            self.destroy_service(service)
        for publisher in self._publishers_made:
            self.destroy_publisher(publisher)
        del self._timers_made

    # Inputs.
    def _on_joints(self, message: JointState) -> None:
        if not self.active:
            return
        now_ns = self._now_ns()
        try:
            answer = self._supervisor.on_joints(joints_from_message(message), now_ns)
        except ContractError as error:
            answer = self._supervisor.on_malformed_joints(stamp_to_ns(message.header.stamp), str(error), now_ns)
        self._publish(answer)

    def _on_command(self, message: JointVelocityCommand, source: Source) -> None:
        if not self.active:
            return
        try:
            command = command_from_message(message)
        except ContractError:
            # The supervisor judges it, so that a malformed command is a stop with evidence and not just a log line.
            command = VelocityCommand(
                stamp_to_ns(message.header.stamp),
                tuple(message.joint_names),
                frozen_vector(message.velocities),
                int(message.sequence),
            )
        self._publish(self._supervisor.on_command(command, self._now_ns(), source))

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._supervisor.on_image(stamp_to_ns(message.header.stamp), self._now_ns())

    def _on_heartbeat(self, message: Header) -> None:
        self._supervisor.on_heartbeat(stamp_to_ns(message.stamp), self._now_ns())

    def _on_stop_input(self, message: StopInput) -> None:
        if message.kind not in list(InputKind):
            self.get_logger().error(f"A stop input of unknown kind {message.kind} from '{message.source}' counts as hardware.")
        kind = InputKind(message.kind) if message.kind in list(InputKind) else InputKind.HARDWARE
        self._publish(self._supervisor.on_stop_input(kind, message.source, message.active, message.message))

    def _on_wrench(self, message: WrenchStamped) -> None:
        if self.active:
            self._publish(self._supervisor.on_wrench(float(np.linalg.norm(wrench_from_message(message).force))))

    def _on_watchdog(self) -> None:
        if self.active:
            self._publish(self._supervisor.on_watchdog(self._now_ns()))

    def _on_authority(self) -> None:
        for topic in _SOLE if self.active else ():
            # Counting is a hundred times cheaper than naming.
            rivals = self.count_publishers(topic) > 1
            names = [info.node_name for info in self.get_publishers_info_by_topic(topic)] if rivals else []
            self._publish(self._supervisor.on_publishers(topic, names))

    def _on_diagnostics(self) -> None:
        if self.active:
            self._diagnostics.publish(diagnostics_message(self._supervisor))

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        answer = self._supervisor.request_stop("the service /safety/stop")
        self._publish(answer)
        self.get_logger().warning("Emergency stop requested by service.")
        response.success, response.message = True, "Stopping; /safety/reset ends the stop once the arm stands still."
        return response

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        refusal = self._supervisor.request_reset(self._now_ns()) if self.active else "The supervisor is not active."
        response.success, response.message = (
            refusal is None,
            refusal or "The stop is over; the next policy command moves the arm.",
        )
        if refusal is None:
            self._publish_status()
        return response

    def _on_set_mode(self, request: SetMode.Request, response: SetMode.Response) -> SetMode.Response:
        if request.mode not in MODE_NAMES:
            response.success, response.message = False, f"There is no mode '{request.mode}'; choices: {', '.join(MODE_NAMES)}."
            return response
        self._publish(self._supervisor.set_mode(Mode(request.mode)))
        self._publish_status()
        self.get_logger().info(f"Mode {request.mode}.")
        response.success, response.message = True, f"Mode {request.mode}."
        return response

    # Outputs.
    def _publish(self, answer: Answer | None) -> None:
        if not self.active:
            return
        if answer is not None:
            self._publish_command(answer)
        if (step := self._supervisor.take_step()) is not None:
            self._steps.publish(step_message(step, self._joint_names, self._supervisor.mode.value))
        if self._published != self._status_key():
            self._publish_status()

    def _publish_command(self, answer: Answer) -> None:
        self._sequence += 1
        command = VelocityCommand(
            answer.stamp_ns, self._joint_names, answer.velocity, self._sequence, answer.policy_version, answer.policy_stamp_ns
        )
        self._command.publish(command_to_message(command))

    def _status_key(self) -> StatusKey:
        answer = self._supervisor.answer
        return status_key(self._supervisor, answer.stamp_ns // NS_PER_S if answer is not None else 0)

    def _publish_status(self) -> None:
        self._published = self._status_key()
        evidence = self._supervisor.evidence
        if evidence is not None and evidence.latches and self.active:
            self.get_logger().error(evidence.sentence, throttle_duration_sec=1.0)
        self._status.publish(status_message(self._supervisor))

    def _now_ns(self) -> int:
        return int(self._steady.now().nanoseconds)


def main() -> int:
    """Runs the supervisor until it is told to stop."""
    return run_node(SafetyNode)


if __name__ == "__main__":
    sys.exit(main())
