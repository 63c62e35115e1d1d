"""The safety supervisor's node: the only publisher of /arm/command."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from jaco_interfaces.msg import JointVelocityCommand, SafetyStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.kinematics import Kinematics
from jaco_core.parameters import parameter
from jaco_core.ros import qos
from jaco_core.ros.convert import command_from_message, command_to_message, joints_from_message, ns_to_stamp, stamp_to_ns
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.types import VelocityCommand, frozen_vector
from jaco_core.units import NS_PER_S
from jaco_safety.limits import load_limits
from jaco_safety.reasons import Evidence, Reason, State
from jaco_safety.supervisor import Answer, Supervisor

# Silence is noticed within its bound and one of these [s].
_WATCHDOG_PERIOD = 0.02


@dataclass(frozen=True)
class Config:
    """Parameters of the supervisor."""

    arm: str = parameter("j2n6s300", "Arm to supervise.")
    limits_file: str = parameter("", "YAML file with safety limits; empty: the packaged ones of the arm.")
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
        self._supervisor = Supervisor(arm, limits, Kinematics(arm), silence)
        self._zero = frozen_vector([0.0] * len(arm))
        self._sequence = 0
        self._published: tuple[State, Reason, int] | None = None
        self._command = self.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND_WRITER)
        self._status = self.create_publisher(SafetyStatus, "/safety/status", qos.LATCHED)
        self._subscriptions_made = [
            self.create_subscription(JointState, "/joint_states", self._on_joints, qos.STATE),
            self.create_subscription(JointVelocityCommand, "/policy/command", self._on_command, qos.COMMAND),
        ]
        self._services_made = [
            self.create_service(Trigger, "/safety/stop", self._on_stop),
            self.create_service(Trigger, "/safety/reset", self._on_reset),
        ]
        self._watchdog = self.create_timer(_WATCHDOG_PERIOD, self._on_watchdog, clock=self._steady)

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
        if not hasattr(self, "_watchdog"):
            return
        self.destroy_timer(self._watchdog)
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        for service in self._services_made:
            self.destroy_service(service)
        self.destroy_publisher(self._command)
        self.destroy_publisher(self._status)
        del self._watchdog

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

    def _on_command(self, message: JointVelocityCommand) -> None:
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
        answer = self._supervisor.on_command(command)
        if answer is not None:
            self._publish(answer)

    def _on_watchdog(self) -> None:
        if not self.active:
            return
        answer = self._supervisor.on_watchdog(self._now_ns())
        if answer is not None:
            self._publish(answer)

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        answer = self._supervisor.request_stop("the service /safety/stop")
        if answer is not None and self.active:
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

    # Outputs.
    def _publish(self, answer: Answer) -> None:
        self._publish_command(answer)
        if self._published != self._status_key():
            self._publish_status()

    def _publish_command(self, answer: Answer) -> None:
        self._sequence += 1
        command = VelocityCommand(
            answer.stamp_ns, self._joint_names, answer.velocity, self._sequence, answer.policy_version, answer.policy_stamp_ns
        )
        self._command.publish(command_to_message(command))

    def _status_key(self) -> tuple[State, Reason, int]:
        """Returns what makes a status worth publishing: another state, another cause of a stop, or another second."""
        answer, state = self._supervisor.answer, self._supervisor.state
        second = answer.stamp_ns // NS_PER_S if answer is not None else 0
        return state, answer.evidence.reason if answer is not None and answer.evidence.latches else Reason.NONE, second

    def _publish_status(self) -> None:
        answer, counts = self._supervisor.answer, self._supervisor.counts
        self._published = self._status_key()
        message = SafetyStatus(state=int(self._supervisor.state), counted=list(counts), counts=list(counts.values()))
        if answer is None:
            message.reason, message.message = Reason.NONE.value, "Waiting for the first joint state."
        else:
            evidence = answer.evidence
            message.header.stamp = ns_to_stamp(answer.stamp_ns)
            message.reason, message.subject, message.unit = evidence.reason.value, evidence.subject, evidence.unit
            message.value, message.bound, message.message = evidence.value, evidence.bound, evidence.sentence
            if evidence.latches and self.active:
                self.get_logger().error(evidence.sentence, throttle_duration_sec=1.0)
        self._status.publish(message)

    def _now_ns(self) -> int:
        return int(self._steady.now().nanoseconds)


def main() -> int:
    """Runs the supervisor until it is told to stop."""
    return run_node(SafetyNode)


if __name__ == "__main__":
    sys.exit(main())
