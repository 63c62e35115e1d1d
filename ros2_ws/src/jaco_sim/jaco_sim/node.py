"""The sim bridge: ends the graph in MuJoCo instead of an arm and a camera, in real time or in lockstep."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SceneState, StopInput
from jaco_interfaces.srv import ResetEpisode
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import JointState

from jaco_core.cameras import POLICY, further_cameras
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ramp import ramp_velocity
from jaco_core.ros import convert, qos
from jaco_core.ros.cameras import CameraPublishers
from jaco_core.ros.endpoints import UNNAMED, publisher_names
from jaco_core.ros.frames import StaticFrames
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.waiting import wait_for_peers
from jaco_core.scheduling import Urgency
from jaco_core.types import EpisodeStart, VelocityCommand
from jaco_core.units import seconds_to_ns
from jaco_core.watchdog import Watchdog
from jaco_sim.lockstep import Barrier
from jaco_sim.simulation import TICK_S
from jaco_sim.statistics import RunStatistics
from jaco_sim.world import World

SHOW_AGAIN_S = 0.5


@dataclass(frozen=True)
class Config:
    """Parameters of the sim bridge."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    task: str = parameter("reach", "Name of the task, which decides what stands in the scene.")
    profile: str = parameter("nominal", "Name of the simulator profile.")
    seed: int = parameter(0, "Seed of the state before the first episode.", lower=0, upper=2**31)
    lockstep: bool = parameter(True, "Wait for the graph's answers at every tick; false paces the simulator to the wall clock.")
    lockstep_timeout: float = parameter(10.0, "Longest wait for an answer in lockstep.", unit="s", lower=0.1, upper=600.0)
    cameras: list[str] = parameter([""], "Further cameras beside the policy's: wrist, scene.")
    depth: bool = parameter(False, "Publish depth aligned to every camera's picture.")
    near_starts: bool = parameter(False, "Prepare for episodes near the target before the first one, which must not wait for it.")
    command_timeout: float = parameter(
        0.15, "The arm is brought to rest before the newest arm command is so old, in real time.", unit="s", lower=0.02, upper=1.0
    )


class SimNode(JacoNode[Config]):
    """Publishes what an arm driver and a camera would, plus /scene and /clock; accepts /arm/command and resets."""

    def __init__(self) -> None:
        super().__init__("sim", Config)

    def setup(self, config: Config) -> None:
        self._config = config
        cameras = further_cameras(config.cameras)
        self._world = World(config.task, config.arm, config.profile, config.seed, cameras=cameras, depth=config.depth)
        if config.near_starts:
            self._world.prepare_near_starts()
        self._barrier = Barrier()
        self._statistics = RunStatistics()
        self._newest: VelocityCommand | None = None
        self._watchdog = Watchdog(config.command_timeout, TICK_S)
        self._late = False
        # In lockstep it runs as fast as it can, and everything else would have to wait for it.
        self.urgency = None if config.lockstep else Urgency.ARM
        self._tick_opened = self._image_sent = 0.0
        self._sequence = 0
        self._image_stamp_ns = -1
        self._last_applied = np.zeros(len(self._world.arm))
        self._waiting_for_latency = False
        self._done = False
        self._reset_asked: tuple[EpisodeStart, int] | None = None
        self._clock_publisher = self.create_publisher(ClockMessage, "/clock", qos.STATE_WRITER)
        self._joints = self.create_publisher(JointState, "/joint_states", qos.STATE_WRITER)
        self._applied = self.create_publisher(JointVelocityCommand, "/arm/applied", qos.STATE_WRITER)
        self._scene = self.create_publisher(SceneState, "/scene", qos.STATE_WRITER)
        self._cameras = {name: CameraPublishers(self, name, config.depth) for name in self._world.cameras}
        self._frames = StaticFrames(self)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        self._stop_input = self.create_publisher(StopInput, "/safety/inputs", qos.INPUT)
        self._fault = ""
        self._command = self.create_subscription(JointVelocityCommand, "/arm/command", self._on_command, qos.COMMAND)
        self._episode = self.create_subscription(EpisodeState, "/episode/state", self._on_episode, qos.EVENT)
        self.create_service(ResetEpisode, "/scene/reset", self._on_reset)
        # Steady: a paused or slow /clock must not stop the simulator's own pace or its watch over the graph.
        period = 0.1 if config.lockstep else TICK_S
        self._timer = self.create_timer(
            period, self._watch if config.lockstep else self._tick_realtime, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._timer.cancel()

    def start(self) -> None:
        if self._config.lockstep:
            camera = self._cameras[POLICY]
            wait_for_peers((self._joints, camera.image, self._scene, camera.info, self._command, self._episode), timeout=10.0)
        self._tell_frames()
        self._timer.reset()
        self.active = True
        self._open_tick()

    def halt(self) -> None:
        self._timer.cancel()
        self._brake()
        self._publish_statistics()
        self.get_logger().info("The simulated arm's last commanded velocity is zero.")

    def release(self) -> None:
        if hasattr(self, "_world"):
            self._world.close()

    # One tick: publish what is seen, take the answer, step.
    def _open_tick(self) -> None:
        seen = self._observation = self._world.observe()
        self._barrier.open(seen.joints.stamp_ns, seen.image is not None)
        self._tick_opened = self._shown = time.monotonic()
        if seen.image is not None:
            self._image_sent, self._image_stamp_ns, self._waiting_for_latency = self._tick_opened, seen.joints.stamp_ns, True
        self._show()

    def _show(self) -> None:
        """Publishes the observation of this tick."""
        seen = self._observation
        stamp = seen.joints.stamp_ns
        # Nodes act on stamps, never on the clock: in lockstep it need not tick faster than the camera.
        if seen.image is not None or not self._config.lockstep:
            self._clock_publisher.publish(ClockMessage(clock=convert.ns_to_stamp(stamp)))
        if seen.scene is not None:
            # The policy's picture comes last of all, so that who acts on it has what belongs to it.
            for name, view in reversed(list(seen.views.items())):
                self._cameras[name].publish(view.image, view.depth, stamp)
            self._scene.publish(convert.scene_to_message(seen.scene, self._world.arm.base_frame))
        self._joints.publish(convert.joints_to_message(seen.joints, self._world.arm.base_frame))
        for name in seen.views:
            self._cameras[name].describe(self._world.camera_matrix(name), self._world.image_size, stamp)

    def _close_tick(self, command: VelocityCommand) -> None:
        self._apply(command)
        self._world.advance(command)
        self._statistics.record_tick(self._observation.joints, command, self._observation.image is not None, time.monotonic())

    def _apply(self, command: VelocityCommand) -> None:
        """Publishes what is applied: a learner learns from this, not from what was asked."""
        self._sequence += 1
        self._last_applied = command.velocity
        self._applied.publish(
            convert.command_to_message(
                VelocityCommand(
                    self._world.stamp_ns,
                    self._world.arm.joint_names,
                    command.velocity,
                    self._sequence,
                    command.policy_version,
                    command.policy_stamp_ns,
                )
            )
        )

    def _zero(self) -> VelocityCommand:
        return VelocityCommand(self._world.stamp_ns, self._world.arm.joint_names, np.zeros(len(self._world.arm)))

    def _on_command(self, message: JointVelocityCommand) -> None:
        if not self.active or self._rivals():
            return
        try:
            command = convert.command_from_message(message)
            command.require(self._world.arm.joint_names)
        except ContractError as error:
            self.get_logger().error(f"An arm command was refused: {error}", throttle_duration_sec=1.0)
            return
        now = time.monotonic()
        self._newest = command
        self._watchdog.feed(seconds_to_ns(now))
        if self._waiting_for_latency and command.policy_stamp_ns == self._image_stamp_ns:
            self._waiting_for_latency = False
            self._statistics.record_latency(now - self._image_sent)
        self._barrier.offer_command(command)
        self._advance_lockstep()

    def _rivals(self) -> bool:
        """Obeys nobody while more than one node commands the arm, as the driver does, and tells whether that is so."""
        rivals = bool(self._command.get_publisher_count() > 1)
        if rivals:
            self._newest = None
        if rivals != bool(self._fault) or UNNAMED in self._fault:
            names = ", ".join(publisher_names(self, "/arm/command")) if rivals else ""
            message = f"More than one node publishes /arm/command: {names}." if rivals else ""
            if message == self._fault:
                return rivals
            self._fault = message
            fault = StopInput(kind=StopInput.DRIVER, source=self.get_name(), active=rivals, message=message)
            fault.header.stamp = convert.ns_to_stamp(self._world.stamp_ns)
            self._stop_input.publish(fault)
            self.get_logger().error(message) if rivals else self.get_logger().info("One node commands the arm again.")
        return rivals

    def _rest(self) -> VelocityCommand:
        """The next command on the way to rest, at the arm's acceleration: what an arm without orders does."""
        arm, last = self._world.arm, self._last_applied
        velocity = ramp_velocity(last, np.zeros(len(arm)), arm.max_acceleration, TICK_S)
        return VelocityCommand(self._world.stamp_ns, arm.joint_names, velocity)

    def _brake(self) -> None:
        """Brings the arm to rest at once, tick by tick of its own time, whatever the graph does. The last word is zero."""
        while True:
            command = self._rest()
            self._apply(command)
            if not command.velocity.any():
                return
            self._world.advance(command)

    def _on_episode(self, message: EpisodeState) -> None:
        if self.active:
            self._barrier.offer_episode(convert.episode_from_message(message))
            self._advance_lockstep()

    def _on_reset(self, request: ResetEpisode.Request, response: ResetEpisode.Response) -> ResetEpisode.Response:
        if not self.active:
            response.message = "The simulator is not active; activate it first."
            return response
        try:
            start = convert.start_from_request(request)
        except ContractError as error:
            response.message = str(error)
            return response
        response.success = True
        if self._config.lockstep:
            # A seed stands for an episode, so the same request again is one whose reply was lost.
            if self._reset_asked is None or self._reset_asked[0] != start:
                # The tick after this one is the first of the new episode.
                self._reset_asked = start, self._world.stamp_ns + 1
                self._barrier.offer_reset(start)
            response.stamp = convert.ns_to_stamp(self._reset_asked[1])
            self._advance_lockstep()
        else:
            self._newest, self._last_applied = None, np.zeros(len(self._world.arm))
            self._reset(start)
            response.stamp = convert.ns_to_stamp(self._world.stamp_ns)
        return response

    def _reset(self, start: EpisodeStart) -> None:
        """Begins the episode at `start` and says, for the record, how its world differs."""
        self._world.reset(start)
        variation = self._world.variation
        if variation is None:
            return
        self._tell_frames()
        facts = {"seed": str(start.seed), **{name: str(value) for name, value in asdict(variation).items()}}
        text, stamp_ns = f"episode drawn from profile '{self._config.profile}'", self._world.stamp_ns
        self._diagnostics.publish(convert.diagnostics_to_message("variation", self._world.arm.name, text, facts, stamp_ns))

    def _tell_frames(self) -> None:
        """Says where the cameras are: a varied world has them elsewhere in each episode."""
        self._frames.tell(self._world.camera_place(name) for name in self._world.cameras)

    def _advance_lockstep(self) -> None:
        if not self._config.lockstep or self._done or self._barrier.missing:
            return
        if self._barrier.finished:
            self._done = True
            self._brake()
            self._publish_statistics()
            return
        command, start = self._barrier.take()
        self._close_tick(command)
        if start is not None:
            self._reset(start)
            self._publish_statistics()
        self._open_tick()

    def _watch(self) -> None:
        """Lockstep: shows an observation again that nobody answers, and notices when the graph does not answer at all."""
        if not self.active or self._done:
            return
        now = time.monotonic()
        if now - self._shown > SHOW_AGAIN_S:
            # The middleware may not have known every reader yet. The same stamp gets the same answer: nothing counts twice.
            self._shown = now
            self._show()
        if now - self._tick_opened > self._config.lockstep_timeout:
            self._statistics.timeouts += 1
            self.fail(
                f"The graph did not answer tick {self._world.stamp_ns / 1e9:.2f} s within {self._config.lockstep_timeout:.1f} s: "
                f"no {' and no '.join(self._barrier.missing)}. The arm is stopped."
            )

    def _tick_realtime(self) -> None:
        if not self.active:
            return
        self._rivals()
        late = self._watchdog.expired(time.monotonic_ns()) and self._newest is not None
        self._statistics.timeouts += int(late and not self._late)
        self._late = late
        self._close_tick(self._rest() if late or self._newest is None else self._newest)
        if self._statistics.ticks % 100 == 0:
            self._publish_statistics()
        self._open_tick()

    def _publish_statistics(self) -> None:
        figures = self._statistics.as_strings(TICK_S, self._world.image_every)
        text, stamp_ns = "simulated arm and camera", self._world.stamp_ns
        self._diagnostics.publish(convert.diagnostics_to_message("sim", self._world.arm.name, text, figures, stamp_ns))


def main() -> int:
    return run_node(SimNode)


if __name__ == "__main__":
    raise SystemExit(main())
