"""Plays the excitation in the graph, in the places of policy and task: behind the supervisor, on a simulated arm or a real one.

It answers every image with a command, as a policy does, and says as a task does that one long episode runs, so that nothing
resets the arm meanwhile. What it proposes goes the policy's way: the supervisor has the last word on it, and a picture that does
not come stops it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SafetyStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from sensor_msgs.msg import CameraInfo, JointState

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.polling import PolledSubscription
from jaco_core.ros.waiting import wait_for_peers
from jaco_core.scheduling import Urgency
from jaco_core.types import FINISHED, RUNNING, EpisodeStatus, Vector, VelocityCommand
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_policy.felt import Felt
from jaco_sim.identification.excitation import Excitation
from jaco_sim.identification.progress import Progress

RETRY_S = 0.005
TASK = "excitation"


@dataclass(frozen=True)
class Config:
    """Parameters of the excitation."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    seconds: float = parameter(60.0, "How long it moves; time in which the arm may not move does not count.", unit="s", lower=1.0)
    extent: float = parameter(1.0, "Share of its speeds and of its reach about where the arm stands.", lower=0.1, upper=1.0)
    seed: int = parameter(0, "Seed of the velocities.", lower=0, upper=2**31)
    lockstep: bool = parameter(True, "An image has the very stamp of a joint state; false allows `tolerance`.")
    tolerance: float = parameter(
        0.02, "Largest time between an image and the joint state that is taken for it.", unit="s", lower=0.0, upper=0.5
    )


class ExcitationNode(JacoNode[Config]):
    """Moves every joint about where the arm stands, then says that it has finished. Any latched stop ends the run."""

    def __init__(self) -> None:
        super().__init__("excitation", Config)

    def setup(self, config: Config) -> None:
        self._config = config
        self.urgency = None if config.lockstep else Urgency.POLICY
        self._arm = load_arm(config.arm)
        self._excitation: Excitation | None = None
        self._progress = Progress(seconds_to_ns(config.seconds))
        self._stamp_ns = self._answered_ns = -1
        self._sequence = self._step = 0
        self._answer: tuple[JointVelocityCommand, EpisodeState] | None = None
        self._commands = self.create_publisher(JointVelocityCommand, "/policy/command", qos.COMMAND_WRITER)
        self._episodes = self.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        images = qos.observation(config.lockstep)
        self._images = self.create_subscription(CameraInfo, "/camera/camera_info", self._on_camera_info, images)
        self.create_subscription(SafetyStatus, "/safety/status", self._on_status, qos.LATCHED)
        joints = PolledSubscription(self, JointState, "/joint_states", qos.EVENT)
        tolerance = 0.0 if config.lockstep else config.tolerance
        self._felt = Felt(joints.take_all, self._arm.joint_names, seconds_to_ns(tolerance))
        # Looks again while an image waits for its joint state.
        self._retry = self.create_timer(RETRY_S, self._act, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._retry.cancel()

    def start(self) -> None:
        wait_for_peers((self._images, self._commands, self._episodes), timeout=10.0)

    def halt(self) -> None:
        self._commands.publish(self._command(max(self._answered_ns, 0), np.zeros(len(self._arm))))

    def _on_status(self, message: SafetyStatus) -> None:
        if message.state in (SafetyStatus.PROTECTIVE_STOP, SafetyStatus.EMERGENCY_STOP):
            if self.active and not self._progress.finished:
                self.fail(f"The excitation ends, the arm was stopped: {message.message}")
            return
        waiting = message.state == SafetyStatus.HOLD or message.mode == "guided"
        self._progress.allow(not waiting and (message.state != SafetyStatus.READY or message.reason == "no_command"))

    def _on_camera_info(self, message: CameraInfo) -> None:
        if not self.active:
            return
        self._stamp_ns = convert.stamp_to_ns(message.header.stamp)
        if self._stamp_ns == self._answered_ns:
            # A simulator in lockstep shows an observation again when its answer did not arrive.
            self._publish()
        else:
            self._act()

    def _act(self) -> None:
        """Answers the newest image once, as soon as it is known how the arm stands."""
        stamp_ns = self._stamp_ns
        if not self.active or stamp_ns == self._answered_ns:
            self._retry.cancel()
            return
        try:
            felt = self._felt.at(stamp_ns)
        except ContractError as error:
            self.get_logger().error(f"A joint state was refused: {error}", throttle_duration_sec=1.0)
            return
        if felt is None:
            # Without one for it, the image stays without an answer, which the supervisor takes for what it is.
            if self._felt.passed(stamp_ns):
                self._retry.cancel()
            else:
                self._retry.reset()
            return
        self._answered_ns = stamp_ns
        velocity = self._velocity(stamp_ns, felt[: len(self._arm)])
        phase = FINISHED if self._progress.finished else RUNNING
        status = EpisodeStatus(stamp_ns, TASK, phase, step=self._step, seed=self._config.seed)
        self._step += 1
        self._answer = self._command(stamp_ns, velocity), convert.episode_to_message(status)
        self._publish()

    def _velocity(self, stamp_ns: int, position: Vector) -> Vector:
        """Returns what to propose [rad/s] at the joint angles `position` [rad]: nothing while nothing may move."""
        if self._excitation is None:
            self._excitation = Excitation(self._arm, position, self._config.seed, self._config.extent)
        if not self._progress.advance(stamp_ns):
            return np.zeros(len(self._arm))
        return self._excitation.velocity(ns_to_seconds(self._progress.moved_ns), position)

    def _command(self, stamp_ns: int, velocity: Vector) -> JointVelocityCommand:
        self._sequence += 1
        return convert.command_to_message(
            VelocityCommand(stamp_ns, self._arm.joint_names, velocity, self._sequence, policy_stamp_ns=stamp_ns)
        )

    def _publish(self) -> None:
        if self._answer is not None:
            command, status = self._answer
            self._commands.publish(command)
            self._episodes.publish(status)


def main() -> int:
    return run_node(ExcitationNode)


if __name__ == "__main__":
    raise SystemExit(main())
