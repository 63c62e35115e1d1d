"""The reset node: serves /scene/reset on a real arm. It moves the arm through the supervisor only, between episodes only."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SafetyStatus, SceneState
from jaco_interfaces.srv import ResetEpisode
from sensor_msgs.msg import JointState

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.scheduling import Urgency
from jaco_core.types import EpisodeStart, JointSample, Vector, VelocityCommand
from jaco_core.units import NS_PER_S, seconds_to_ns
from jaco_driver.reset.mover import MoverSettings
from jaco_driver.reset.procedure import Phase, ResetProcedure, ResetSettings
from jaco_driver.reset.routes import Routes
from jaco_driver.reset.starts import START_NAMES, Starts
from jaco_driver.reset.stillness import Stillness
from jaco_safety.barriers import Barriers
from jaco_safety.limits import load_limits
from jaco_safety.modes import Mode
from jaco_safety.reasons import Reason, State
from jaco_tasks.registry import make_task

_MOVES_BY_ITSELF = (Mode.SUPERVISED.value, Mode.AUTONOMOUS.value)
_STOPPED = (State.STARTING, State.PROTECTIVE_STOP, State.EMERGENCY_STOP)
REMIND_S = 5


@dataclass(frozen=True)
class ResetConfig:
    """Parameters of the reset node."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    task: str = parameter("reach", "Name of the task, which draws the starts.")
    start: str = parameter("random", "Where episodes start: as the task draws it, or at the arm's home.", choices=START_NAMES)
    speed: float = parameter(0.6, "Share of every joint's top speed.", lower=0.05, upper=1.0)
    rate: float = parameter(20.0, "Commands per second, at most.", unit="Hz", lower=5.0, upper=200.0)
    clearance: float = parameter(
        0.02, "Kept from everything that the supervisor guards, beyond its own margins.", unit="m", lower=0.0, upper=0.2
    )
    timeout: float = parameter(45.0, "Longest motion of one reset.", unit="s", lower=1.0, upper=600.0)
    still: float = parameter(
        0.5, "An episode begins when the target was seen for so long, at rest unless it moves.", unit="s", lower=0.0, upper=10.0
    )
    spread: float = parameter(0.012, "A target at rest is seen within this.", unit="m", lower=0.001, upper=0.1)
    move_every: int = parameter(0, "Before every so many-th episode a person is asked to move the target; 0: never.", lower=0)
    move_patience: float = parameter(30.0, "How long that is waited for.", unit="s", lower=0.0, upper=3600.0)


class ResetNode(JacoNode[ResetConfig]):
    """Answers /scene/reset, proposes velocities on /reset/command at joint states, and says what it waits for."""

    def __init__(self) -> None:
        super().__init__("reset", ResetConfig)

    def setup(self, config: ResetConfig) -> None:
        self.urgency = Urgency.POLICY
        self._arm = arm = load_arm(config.arm)
        limits, task = load_limits(arm.name), make_task(config.task)
        # The supervisor slows down before a limit: its margin, and again as much.
        routes = Routes(arm, Barriers(arm, limits).distance, config.clearance, 2.0 * limits.position_margin)
        names, moving = tuple(item.name for item in task.objects), [item.name for item in task.objects if item.moves]
        settings = ResetSettings(MoverSettings(config.speed), config.timeout, config.move_every, config.move_patience)
        self._procedure = ResetProcedure(
            arm, Starts(task, arm, routes, config.start), Stillness(names, config.still, config.spread, moving), settings
        )
        self._period_ns = seconds_to_ns(1.0 / config.rate)
        self._start: EpisodeStart | None = None
        self._done_ns = self._commanded_ns = self._newest_ns = 0
        self._running = self._played = False
        self._sequence = 0
        self._said = ("", 0)
        self._commands = self.create_publisher(JointVelocityCommand, "/reset/command", qos.COMMAND_WRITER)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        self._subscriptions_made = [
            self.create_subscription(JointState, "/joint_states", self._on_joints, qos.STATE),
            self.create_subscription(SceneState, "/scene", self._on_scene, qos.STATE),
            self.create_subscription(SafetyStatus, "/safety/status", self._on_status, qos.LATCHED),
            self.create_subscription(EpisodeState, "/episode/state", self._on_episode, qos.EVENT),
        ]
        self._service = self.create_service(ResetEpisode, "/scene/reset", self._on_request)

    def release(self) -> None:
        if not hasattr(self, "_service"):
            return
        self.destroy_service(self._service)
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        for publisher in (self._commands, self._diagnostics):
            self.destroy_publisher(publisher)
        del self._service

    def _on_request(self, request: ResetEpisode.Request, response: ResetEpisode.Response) -> ResetEpisode.Response:
        procedure = self._procedure
        if not self.active:
            response.pending, response.message = True, "The reset node is not active yet."
            return response
        # A late repetition of a request that was answered begins nothing; the same one after its episode does.
        over = procedure.phase is Phase.DONE and self._played and not self._running
        try:
            start = convert.start_from_request(request)
            if procedure.phase is Phase.IDLE or start != self._start or over:
                procedure.begin(start)
                self._start, self._played = start, False
        except ContractError as error:
            response.message = str(error)
            return response
        response.success = procedure.phase is Phase.DONE
        response.pending = procedure.phase in (Phase.MOVING, Phase.WAITING)
        response.message = procedure.sentence
        response.stamp = convert.ns_to_stamp(self._done_ns)
        if procedure.phase is Phase.FAILED:
            procedure.phase = Phase.IDLE
        return response

    def _on_joints(self, message: JointState) -> None:
        if not self.active:
            return
        try:
            sample = convert.joints_from_message(message).ordered(self._arm.joint_names)
        except ContractError as error:
            self.get_logger().error(f"A joint state was refused: {error}", throttle_duration_sec=1.0)
            return
        before = self._procedure.phase
        velocity = self._procedure.on_joints(sample)
        if self._procedure.phase is Phase.DONE and before is not Phase.DONE:
            self._done_ns = sample.stamp_ns + 1
        if velocity is not None:
            self._propose(sample, velocity)
        self._report(sample.stamp_ns)

    def _propose(self, sample: JointSample, velocity: Vector) -> None:
        if 0 <= sample.stamp_ns - self._commanded_ns < self._period_ns:
            return
        self._commanded_ns = sample.stamp_ns
        self._sequence += 1
        command = VelocityCommand(sample.stamp_ns, self._arm.joint_names, velocity, self._sequence)
        self._commands.publish(convert.command_to_message(command))

    def _on_scene(self, message: SceneState) -> None:
        try:
            self._procedure.on_scene(convert.scene_from_message(message))
        except ContractError as error:
            self.get_logger().error(f"A scene was refused: {error}", throttle_duration_sec=1.0)

    def _on_status(self, message: SafetyStatus) -> None:
        hindrance = ""
        if message.mode not in _MOVES_BY_ITSELF:
            hindrance = f"in mode {message.mode} the arm does not move by itself; choose {' or '.join(_MOVES_BY_ITSELF)}."
        elif message.state in _STOPPED or message.reason == Reason.NO_HEARTBEAT.value:
            hindrance = message.message
        self._procedure.on_status(hindrance, message.message)

    def _on_episode(self, message: EpisodeState) -> None:
        self._running = message.phase == EpisodeState.RUNNING
        self._procedure.paused = message.phase == EpisodeState.PAUSED
        self._played = self._played or self._running

    def _report(self, stamp_ns: int) -> None:
        """Says what is waited for, when it changes and now and then; motion is for the diagnostics only."""
        procedure, second = self._procedure, stamp_ns // NS_PER_S
        said, at = self._said
        waiting = procedure.sentence if procedure.phase is Phase.WAITING or "waits" in procedure.sentence else ""
        if waiting and (waiting != said or second >= at + REMIND_S):
            self.get_logger().warning(waiting)
            self._said = waiting, second
        elif not waiting:
            self._said = "", second
        if second != self._newest_ns // NS_PER_S:
            facts = {"phase": procedure.phase.value, "seed": str(self._start and self._start.seed)}
            text = procedure.sentence or "No reset is going on."
            self._diagnostics.publish(convert.diagnostics_to_message("reset", self._arm.name, text, facts, stamp_ns))
        self._newest_ns = stamp_ns


def main() -> int:
    """Runs resets until it is told to stop."""
    return run_node(ResetNode)


if __name__ == "__main__":
    sys.exit(main())
