"""The learner over real topics: it learns an episode, publishes a version that can be loaded, and goes on from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from embedded_support import ARM, PERIOD_NS, SPEEDS, TICK_NS, policy
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, PolicyStep, PolicyVersion, SupervisedStep
from sensor_msgs.msg import Image, JointState

from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import ENDED, RUNNING, EpisodeStatus, JointSample, VelocityCommand
from jaco_learner.node import LearnerNode
from jaco_policy.checkpoint import load_checkpoint

STEPS = 420


class Others:
    """Stands in for camera, arm, policy, supervisor and task."""

    def __init__(self, graph: GraphUnderTest) -> None:
        create = graph.console.create_publisher
        self._image = create(Image, "/camera/image_raw", qos.STATE_WRITER)
        self._joints = create(JointState, "/joint_states", qos.STATE_WRITER)
        self._steps = create(PolicyStep, "/policy/step", qos.RECORD)
        self._judged = create(SupervisedStep, "/safety/step", qos.RECORD)
        self._applied = create(JointVelocityCommand, "/arm/applied", qos.RECORD)
        self._episode = create(EpisodeState, "/episode/state", qos.RECORD)
        self.publishers = (self._image, self._joints, self._steps, self._judged, self._applied, self._episode)

    def play(self, graph: GraphUnderTest) -> int:
        """Publishes one long episode and returns the stamp of its end."""
        rng = np.random.default_rng(0)
        for step in range(STEPS + 1):
            now = (step + 1) * PERIOD_NS
            last = step == STEPS
            action = rng.integers(0, 3, 9)
            velocity = np.zeros(9) if last else SPEEDS[np.arange(9), action]
            image = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
            self._image.publish(convert.image_to_message(image, now, "camera"))
            self._joints.publish(convert.joints_to_message(JointSample(now, ARM.joint_names, ARM.home, np.zeros(9)), "base"))
            if not last:
                self._say(now, step, action)
            for tick in range(2):
                command = VelocityCommand(now + tick * TICK_NS, ARM.joint_names, velocity, policy_stamp_ns=now)
                self._applied.publish(convert.command_to_message(command))
            status = EpisodeStatus(now, "reach", ENDED if last else RUNNING, step=step, reward=1.0, truncated=last)
            self._episode.publish(convert.episode_to_message(status))
            graph.executor.spin_once(timeout_sec=0.0)
        return now

    def _say(self, now: int, step: int, action: np.ndarray) -> None:
        word = PolicyStep(step=step, action=action.tolist(), log_probability=-9.0, policy_version=1)
        judged = SupervisedStep(joint_names=list(ARM.joint_names), ticks=2, source="policy")
        judged.policy_stamp = convert.ns_to_stamp(now)
        for message, publisher in ((word, self._steps), (judged, self._judged)):
            message.header.stamp = convert.ns_to_stamp(now)
            publisher.publish(message)


def test_an_episode_becomes_a_version_that_a_restarted_learner_goes_on_from(tmp_path: Path) -> None:
    policy(tmp_path / "base")
    with GraphUnderTest(checkpoint=tmp_path / "base", folder=tmp_path / "versions", size="narrow") as graph:
        others = Others(graph)
        versions: list[PolicyVersion] = graph.collect(PolicyVersion, "/policy/version", qos.LATCHED)
        node = graph.add(LearnerNode)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: len(versions) == 1, "the first word")
        assert (versions[0].version, versions[0].sha256) == (1, "")
        graph.until(lambda: all(each.get_subscription_count() for each in others.publishers), "the learner's subscriptions")
        end = others.play(graph)
        graph.until(lambda: versions[-1].version == 2, "a version", timeout=60.0)
        assert convert.stamp_to_ns(versions[-1].header.stamp) == end
        card = load_checkpoint(Path(versions[-1].path), ARM).card
        assert card.sha256 == versions[-1].sha256 and card.training["steps"] == STEPS
    with GraphUnderTest(checkpoint=tmp_path / "base", folder=tmp_path / "versions", size="narrow") as graph:
        latched: list[PolicyVersion] = graph.collect(PolicyVersion, "/policy/version", qos.LATCHED)
        node = graph.add(LearnerNode)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: len(latched) == 1 and latched[0].version == 2, "the version from before")


def test_without_a_policy_or_a_folder_it_refuses(tmp_path: Path) -> None:
    policy(tmp_path / "base")
    for parameters in ({"checkpoint": tmp_path / "base"}, {"checkpoint": tmp_path, "folder": tmp_path / "versions"}):
        with GraphUnderTest(**parameters) as graph:
            assert not graph.configure(graph.add(LearnerNode))
