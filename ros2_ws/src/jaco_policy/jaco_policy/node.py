"""The policy node: one image in, one joint velocity command out. New weights of a learner act from an episode's start on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, PolicyStep, PolicyVersion, SupervisedStep
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image, JointState

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.parameters import parameter
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.polling import PolledSubscription
from jaco_core.ros.waiting import wait_for_peers
from jaco_core.scheduling import Urgency
from jaco_core.types import RUNNING, EpisodeStatus, RgbImage, VelocityCommand
from jaco_core.units import seconds_to_ns
from jaco_policy.camera_contract import require_one_view
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.felt import Felt
from jaco_policy.guard import Guard, GuardRule
from jaco_policy.inference import PolicyRuntime
from jaco_policy.seen import Seen, Stream, streams_of
from jaco_policy.senses import JOINTS, Observed, Senses
from jaco_policy.succession import LearnerWord, Succession
from jaco_policy.swap import FIRST_VERSION, WeightSwap, load_runtime, require_known_inputs

RETRY_S = 0.005
# While an episode waits for the learner, whose word wakes the node by itself: weights may have been loaded, or patience be over.
WAIT_S = 0.02


@dataclass(frozen=True)
class Config:
    """Parameters of the policy node."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    checkpoint: str = parameter("", "Folder with policy.safetensors and card.json.")
    task: str = parameter("", "Task that a learner's weights must be for; empty: that of the checkpoint's card.")
    deterministic: bool = parameter(True, "Take the likeliest action; false draws from the policy's distribution.")
    seed: int = parameter(0, "Seed of the drawing.", lower=0, upper=2**31)
    episode_age: float = parameter(
        0.35, "In real time, oldest word of the task that is acted on.", unit="s", lower=0.05, upper=5.0
    )
    lockstep: bool = parameter(
        True, "Act on an image only with the task's verdict on that very image; false takes the newest verdict."
    )
    learning: bool = parameter(False, "Take new weights from /policy/version, between episodes, and take them back if worse.")
    learner_patience: float = parameter(
        8.0, "In lockstep, longest wait between episodes for the learner.", unit="s", lower=0.0, upper=600.0
    )
    tolerance: float = parameter(
        0.02, "Largest time between an image and what is taken for it: joint state, other views.", unit="s", lower=0.0, upper=0.5
    )
    trial_episodes: int = parameter(20, "Episodes on which new weights are tried before they are trusted.", lower=6, upper=1000)


class PolicyNode(JacoNode[Config]):
    """Answers every image with a command stamped with the image's time: the policy's while an episode runs, else zero."""

    def __init__(self) -> None:
        super().__init__("policy", Config)

    def setup(self, config: Config) -> None:
        self._config = config
        self.urgency = None if config.lockstep else Urgency.POLICY
        self._arm = load_arm(config.arm)
        self._checkpoint = load_checkpoint(Path(config.checkpoint), self._arm)
        self._runtime = PolicyRuntime(self._checkpoint, config.deterministic, config.seed)
        require_known_inputs(self._runtime)
        if config.learning:
            require_one_view(self._runtime.card.name, self._runtime.card.camera, "the learner in the graph")
        if self._runtime.notice:
            self.get_logger().warning(self._runtime.notice)
        self._succession: Succession | None = None
        self._sequence = 0
        self._episode: EpisodeStatus | None = None
        self._playing = -1
        self._image: tuple[int, RgbImage] | None = None
        self._answered_ns = -1
        self._answer: JointVelocityCommand | None = None
        self._commands = self.create_publisher(JointVelocityCommand, "/policy/command", qos.COMMAND_WRITER)
        self._steps = self.create_publisher(PolicyStep, "/policy/step", qos.EVENT)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        self._inputs: tuple[Subscription[Any], ...] = (
            self.create_subscription(Image, "/camera/image_raw", self._on_image, qos.observation(config.lockstep)),
            self.create_subscription(EpisodeState, "/episode/state", self._on_episode, qos.EVENT),
        )
        self.create_subscription(CameraInfo, "/camera/camera_info", self._on_camera_info, qos.observation(config.lockstep))
        felt: Felt | None = None
        if config.learning or self._runtime.inputs:
            # Who learns may come to read the joints.
            joints = PolledSubscription(self, JointState, JOINTS, qos.EVENT)
            felt = Felt(joints.take_all, self._arm.joint_names, seconds_to_ns(config.tolerance))
        self._senses = Senses(self._look_through(config), felt)
        # Looks again while an episode waits for the learner, or an image for its joint state and the other views.
        self._retry = self.create_timer(RETRY_S, self._act, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._retry.cancel()
        self._camera_checked = False
        if config.learning:
            self._follow_learner(config)

    def _look_through(self, config: Config) -> Seen:
        """Begins to listen to the further cameras, and to depth, where the policy sees them."""
        camera, profile, streams = self._checkpoint.card.camera, qos.observation(config.lockstep), []
        for topic, of_depth in streams_of(camera):
            queue = PolledSubscription(self, Image, topic, profile)
            self._inputs += (queue.endpoint,)
            streams.append(Stream(topic, queue.take_all, convert.depth_from_message if of_depth else convert.image_from_message))
        # In lockstep what belongs together has one stamp.
        return Seen(camera, streams, 0 if config.lockstep else seconds_to_ns(config.tolerance))

    def _follow_learner(self, config: Config) -> None:
        swap = WeightSwap(
            self._runtime,
            self._arm,
            Guard(GuardRule(window=config.trial_episodes), FIRST_VERSION),
            lambda path, version: load_runtime(path, self._arm, config.deterministic, config.seed + version),
            self.get_logger().warning,
            config.task,
        )
        self._succession = Succession(swap, config.lockstep, config.learner_patience)
        self._words = self.create_subscription(PolicyVersion, "/policy/version", self._on_version, qos.LATCHED)
        self.create_subscription(SupervisedStep, "/safety/step", self._on_supervised, qos.EVENT)

    def start(self) -> None:
        wait_for_peers((*self._inputs, self._commands), timeout=10.0)
        self._announce()

    def halt(self) -> None:
        self._publish_command(max(self._answered_ns, 0), np.zeros(len(self._arm)))

    def _on_camera_info(self, message: CameraInfo) -> None:
        if self._camera_checked or not self.active:
            return
        self._camera_checked = True
        camera = self._checkpoint.card.camera
        if (message.width, message.height) != (camera.width, camera.height):
            self.fail(
                f"Policy '{self._checkpoint.card.name}' reads {camera.width} x {camera.height} images, the camera sends "
                f"{message.width} x {message.height}; set the camera's width and height."
            )

    def _on_image(self, message: Image) -> None:
        if not self.active:
            return
        try:
            image = convert.image_from_message(message)
        except ContractError as error:
            self.get_logger().error(f"An image was refused: {error}", throttle_duration_sec=1.0)
            return
        stamp_ns = convert.stamp_to_ns(message.header.stamp)
        if stamp_ns == self._answered_ns and self._answer is not None:
            # A simulator in lockstep shows an image again when its answer did not arrive.
            self._commands.publish(self._answer)
            return
        if self._senses.missing and self._image is not None and self._image[0] not in (stamp_ns, self._answered_ns):
            self._say_unanswered()
        self._image = stamp_ns, image
        self._act()

    def _on_episode(self, message: EpisodeState) -> None:
        self._episode = convert.episode_from_message(message)
        if self._succession is not None and self._episode.episode == self._playing:
            self._succession.on_status(self._episode)
        self._act()

    def _on_version(self, message: PolicyVersion) -> None:
        assert self._succession is not None
        stamp_ns = convert.stamp_to_ns(message.header.stamp)
        self._succession.on_word(LearnerWord(stamp_ns, Path(message.path), message.sha256, int(message.version)))
        self._act()

    def _on_supervised(self, message: SupervisedStep) -> None:
        assert self._succession is not None
        stamp_ns, by_operator = convert.stamp_to_ns(message.policy_stamp), message.source == "operator"
        self._succession.on_judged(stamp_ns, int(message.ticks), int(message.changed_ticks), by_operator)
        self._act()

    def _act(self) -> None:
        """Answers the newest image once, as soon as it is known what the task makes of it."""
        if not self.active or self._image is None:
            return
        stamp_ns, image = self._image
        episode = self._episode
        if stamp_ns == self._answered_ns or (self._config.lockstep and (episode is None or episode.stamp_ns != stamp_ns)):
            return
        if episode is not None and episode.phase == RUNNING and episode.episode != self._playing and not self._begin(episode):
            return
        observed = None
        if episode is not None and episode.phase == RUNNING:
            observed = self._observe(stamp_ns, image)
            if observed is None:
                return
        self._answered_ns = stamp_ns
        if episode is not None and stamp_ns - episode.stamp_ns > seconds_to_ns(self._config.episode_age):
            # Nobody says any more what is being played: silence, which the supervisor takes for what it is.
            self.get_logger().error(
                f"The task's newest word is older than {self._config.episode_age} s.", throttle_duration_sec=1.0
            )
            return
        if episode is None or observed is None:
            self._publish_command(stamp_ns, np.zeros(len(self._arm)))
            return
        try:
            decision = self._runtime.act(*observed)
        except ContractError as error:
            self.fail(str(error))
            return
        self._publish_command(stamp_ns, decision.velocity)
        step = PolicyStep(
            episode=episode.episode,
            step=episode.step,
            action=[int(index) for index in decision.action],
            log_probability=decision.log_probability,
            value=decision.value,
            policy_version=self._version,
            inference_ms=decision.seconds * 1e3,
        )
        step.header.stamp = convert.ns_to_stamp(stamp_ns)
        self._steps.publish(step)
        if self._succession is not None:
            self._succession.on_step(stamp_ns)

    def _observe(self, stamp_ns: int, image: RgbImage) -> Observed | None:
        """Returns what was observed when the image of `stamp_ns` was taken; None while that is not known, or for good."""
        try:
            observed = self._senses.at(stamp_ns, image, bool(self._runtime.inputs))
        except ContractError as error:
            self.get_logger().error(f"What belongs to an image was refused: {error}", throttle_duration_sec=1.0)
            return None
        if observed is None and not self._senses.hopeless:
            self._look_again(RETRY_S)
            return None
        self._retry.cancel()
        if observed is None:
            self._say_unanswered()
        return observed

    def _say_unanswered(self) -> None:
        topics = ", ".join(self._senses.missing)
        self.get_logger().error(f"An image is not answered: nothing on {topics} belongs to it.", throttle_duration_sec=1.0)

    def _look_again(self, seconds: float) -> None:
        self._retry.timer_period_ns = seconds_to_ns(seconds)
        self._retry.reset()

    @property
    def _version(self) -> int:
        return FIRST_VERSION if self._succession is None else self._succession.swap.acting.version

    def _begin(self, episode: EpisodeStatus) -> bool:
        """Makes ready for a new episode; tells whether it may begin."""
        succession = self._succession
        if succession is None:
            self._runtime.begin_episode()
        else:
            before = succession.timeouts
            if not succession.ready(time.monotonic(), self._words.get_publisher_count() > 0):
                self._look_again(WAIT_S)
                return False
            self._retry.cancel()
            if succession.timeouts > before:
                self.get_logger().warning("The learner has not answered; the episode begins without its word.")
            version = self._version
            succession.begin()
            self._runtime = succession.swap.acting.runtime
            if self._version != version:
                self._announce()
        self._playing = episode.episode
        return True

    def _publish_command(self, stamp_ns: int, velocity: np.ndarray) -> None:
        self._sequence += 1
        command = VelocityCommand(stamp_ns, self._arm.joint_names, velocity, self._sequence, self._version, stamp_ns)
        self._answer = convert.command_to_message(command)
        self._commands.publish(self._answer)

    def _announce(self) -> None:
        """Says which policy acts, for the record."""
        card = self._runtime.card
        facts = {"name": card.name, "sha256": card.sha256, "version": str(self._version), "task": card.task}
        facts["engine"] = self._runtime.engine
        now_ns = int(self.get_clock().now().nanoseconds)
        text = f"policy '{card.name}' is active"
        self._diagnostics.publish(convert.diagnostics_to_message("policy", card.arm, text, facts, now_ns))


def main() -> int:
    return run_node(PolicyNode)


if __name__ == "__main__":
    raise SystemExit(main())
