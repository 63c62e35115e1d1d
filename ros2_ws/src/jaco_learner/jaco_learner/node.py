"""The learner's node: learns from what the graph says, beside it, and publishes versions of the policy's weights."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, PolicyStep, PolicyVersion, SceneState, SupervisedStep
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, JointState

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.parameters import parameter
from jaco_core.proprioception import proprioception_from_message
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.polling import PolledSubscription
from jaco_core.scheduling import Urgency, give_way
from jaco_core.types import ENDED, PAUSED, WAITING
from jaco_learner.embedded.background import Background
from jaco_learner.embedded.episode import Episode
from jaco_learner.embedded.messages import judged_from_message, judged_stamp_ns, objects_from_message, word_from_message
from jaco_learner.embedded.session import LearningSession, Word
from jaco_learner.embedded.settings import ADJUSTABLE, ALGORITHMS, METHODS, SIZES, Settings
from jaco_learner.embedded.versions import VersionStore
from jaco_policy.camera_contract import require_one_view
from jaco_policy.checkpoint import load_checkpoint

RETRY_S = 0.005


@dataclass(frozen=True)
class Config:
    """Parameters of the learner."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    checkpoint: str = parameter("", "Folder of the policy that is there before, which the learner grows on.")
    task: str = parameter("", "Task that is learned, of the policy's family; empty: the policy's own.")
    folder: str = parameter("", "Folder for the versions; what it holds already is gone on from.")
    method: str = parameter("progressive", "What learns.", choices=METHODS)
    size: str = parameter("wide", "Size of a new column.", choices=SIZES)
    algorithm: str = parameter(Settings.algorithm, "How it learns: on each step once, or on all so far.", choices=ALGORITHMS)
    learning_rate: float = parameter(Settings.learning_rate, "Step size of Adam.", lower=1e-7, upper=1.0)
    batch_steps: int = parameter(Settings.batch_steps, "Fewest steps that a version is made of.", lower=1, upper=100_000)
    correction_weight: float = parameter(
        Settings.correction_weight, "Of what an operator shows in mode guided, beside reinforcement; 0: nothing.", lower=0.0
    )
    operator_share: float = parameter(
        Settings.operator_share, "Of a policy's speed at which an operator's motion stands for it.", lower=0.01, upper=1.0
    )
    seed: int = parameter(0, "Seed of what is drawn.", lower=0, upper=2**31)
    lockstep: bool = parameter(True, "Images are published reliably; false: best effort, as by a camera.")
    tolerance: float = parameter(
        0.0,
        "Largest time between an image and the joint state that is taken for it; 0: the very same stamp.",
        unit="s",
        lower=0.0,
        upper=0.5,
    )
    niceness: int = parameter(10, "How much the learner yields to the other processes.", lower=0, upper=19)


class LearnerNode(JacoNode[Config]):
    """Turns messages into the session's data and its words into messages. It is in nobody's way: no node waits for it to act."""

    def __init__(self) -> None:
        super().__init__("learner", Config)

    def setup(self, config: Config) -> None:
        if not config.folder:
            raise ConfigError("The learner needs a folder for its versions; set 'folder'.")
        self._arm = load_arm(config.arm)
        base = load_checkpoint(Path(config.checkpoint), self._arm)
        require_one_view(base.card.name, base.card.camera, "the learner in the graph")
        settings = Settings(**{name: getattr(config, name) for name in ADJUSTABLE})
        self._store = VersionStore(Path(config.folder))
        say = self.get_logger().info
        self._session = LearningSession(base, self._arm, settings, config.seed, self._store, say, config.tolerance, config.task)
        self._niceness = config.niceness
        self._versions = self.create_publisher(PolicyVersion, "/policy/version", qos.LATCHED)
        self.urgency = None if config.lockstep else Urgency.OBSERVER
        images = qos.RECORD if config.lockstep else _deep(qos.SENSOR)
        # The task's verdict is what it acts on; the rest is read then, in bulk.
        self.create_subscription(EpisodeState, "/episode/state", self._on_episode, qos.RECORD)
        self._queues = tuple(
            (PolledSubscription(self, kind, topic, profile), take)
            for kind, topic, profile, take in (
                (Image, "/camera/image_raw", images, self._add_image),
                (JointState, "/joint_states", qos.RECORD, self._add_joints),
                (SceneState, "/scene", qos.RECORD, self._add_objects),
                (PolicyStep, "/policy/step", qos.RECORD, self._add_word),
                (SupervisedStep, "/safety/step", qos.RECORD, self._add_judged),
                (JointVelocityCommand, "/arm/applied", qos.RECORD, self._add_applied),
            )
        )
        self._retry = self.create_timer(RETRY_S, self._advance)
        self._retry.cancel()
        self._background: Background | None = None

    def start(self) -> None:
        # Not before: while the graph comes up nothing moves yet, and all wait for the slowest.
        give_way(self._niceness)
        self._publish(self._session.word)
        self._background = Background(self._learn, self.fail)

    def drained(self) -> bool:
        return self._background is None or self._background.idle

    def halt(self) -> None:
        if self._background is not None:
            self._background.end()

    def _learn(self, episode: Episode) -> None:
        """On a thread of its own."""
        self._publish(self._session.learn(episode))

    def _on_episode(self, message: EpisodeState) -> None:
        status = convert.episode_from_message(message)
        if status.phase in (WAITING, PAUSED):
            # It may last, and queues are finite.
            self._read()
        self._session.assembler.add_episode(status)
        if status.phase == ENDED or self._session.assembler.waiting:
            self._retry.reset()
            self._advance()

    def _advance(self) -> None:
        """Keeps the episodes that are over and gives them to be learned from; while one lacks something, looks again."""
        self._read()
        if self._background is not None:
            for episode in self._session.keep():
                self._background.give(episode)
        if not self._session.assembler.waiting:
            self._retry.cancel()

    def _read(self) -> None:
        """Gives the assembler what has arrived. What is malformed is as good as missing."""
        for queue, take in self._queues:
            for message, _ in queue.take_all():
                try:
                    take(message, convert.stamp_to_ns(message.header.stamp))
                except ContractError as error:
                    self.get_logger().error(f"A message was refused: {error}", throttle_duration_sec=1.0)

    def _add_image(self, message: Image, stamp_ns: int) -> None:
        self._session.assembler.add_image(stamp_ns, np.array(convert.image_from_message(message)))

    def _add_joints(self, message: JointState, stamp_ns: int) -> None:
        values = proprioception_from_message(message, self._arm.joint_names)
        self._session.assembler.add_proprioception(stamp_ns, values)

    def _add_objects(self, message: SceneState, stamp_ns: int) -> None:
        assembler = self._session.assembler
        places = objects_from_message(message, assembler.objects) if assembler.objects else None
        if places is not None:
            assembler.add_objects(stamp_ns, places)

    def _add_word(self, message: PolicyStep, stamp_ns: int) -> None:
        self._session.assembler.add_word(stamp_ns, word_from_message(message))

    def _add_judged(self, message: SupervisedStep, stamp_ns: int) -> None:
        self._session.assembler.add_judged(judged_stamp_ns(message), judged_from_message(message))

    def _add_applied(self, message: JointVelocityCommand, stamp_ns: int) -> None:
        command = convert.command_from_message(message)
        command.require(self._arm.joint_names)
        self._session.assembler.add_applied(stamp_ns, command.policy_stamp_ns, command.velocity)

    def _publish(self, word: Word) -> None:
        path = self._store.path(word.version) if word.sha256 else Path()
        message = PolicyVersion(path=str(path), sha256=word.sha256, version=word.version, kept=word.kept)
        message.header.stamp = convert.ns_to_stamp(word.stamp_ns)
        self._versions.publish(message)


def _deep(profile: QoSProfile) -> QoSProfile:
    return QoSProfile(
        history=profile.history, depth=qos.RECORD.depth, reliability=profile.reliability, durability=profile.durability
    )


def main() -> int:
    return run_node(LearnerNode)


if __name__ == "__main__":
    sys.exit(main())
