"""The excitation in the graph: when it moves, when it waits, and that a stop ends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SafetyStatus
from sensor_msgs.msg import CameraInfo, JointState

from jaco_core.arms import load_arm
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import JointSample
from jaco_sim.identification.excitation import Excitation
from jaco_sim.identification.node import ExcitationNode
from jaco_sim.identification.progress import Progress

ARM = load_arm("j2n6s300")
PERIOD_NS = 100_000_000


@dataclass
class Stage:
    """The node, and what it hears and says. A picture comes every 0.1 s of its time."""

    graph: GraphUnderTest
    node: ExcitationNode
    pictures: Any
    joints: Any
    status: Any
    commands: list[JointVelocityCommand]
    episodes: list[EpisodeState]
    stamp_ns: int = 0

    def look(self, told: SafetyStatus | None = None) -> np.ndarray:
        """Shows a picture, after the supervisor's word; returns what is proposed for it [rad/s]."""
        if told is not None:
            heard = len(self.node.heard)
            self.status.publish(told)
            self.graph.until(lambda: len(self.node.heard) > heard or self.node.failure is not None, "the status")
        self.stamp_ns += PERIOD_NS
        sample = JointSample(self.stamp_ns, ARM.joint_names, ARM.home, np.zeros(len(ARM)))
        self.joints.publish(convert.joints_to_message(sample, "base"))
        self.pictures.publish(CameraInfo(header=convert.joints_to_message(sample, "base").header))
        self.graph.until(lambda: len(self.episodes) * PERIOD_NS >= self.stamp_ns, "an answer")
        assert convert.stamp_to_ns(self.commands[-1].policy_stamp) == self.stamp_ns
        return np.array(self.commands[-1].velocities)


class Heard(ExcitationNode):
    """Tells what it has heard of the supervisor."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[SafetyStatus] = []

    def _on_status(self, message: SafetyStatus) -> None:
        super()._on_status(message)
        self.heard.append(message)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with GraphUnderTest(seconds=1.0, seed=4) as graph:
        node = graph.add(Heard)
        create = graph.console.create_publisher
        pictures = create(CameraInfo, "/camera/camera_info", qos.observation(True))
        joints = create(JointState, "/joint_states", qos.STATE_WRITER)
        status = create(SafetyStatus, "/safety/status", qos.LATCHED)
        commands = graph.collect(JointVelocityCommand, "/policy/command", qos.COMMAND)
        episodes = graph.collect(EpisodeState, "/episode/state", qos.EVENT)
        assert graph.configure(node) and graph.activate(node)
        yield Stage(graph, node, pictures, joints, status, commands, episodes)


def test_it_moves_every_joint_for_its_time_and_says_that_it_has_finished(stage: Stage) -> None:
    proposed = [stage.look() for _ in range(12)]
    top = np.abs(proposed).max(axis=0)
    assert (top > 0.0).all() and (top <= 0.8 * ARM.max_velocity).all()
    assert [message.phase for message in stage.episodes] == [EpisodeState.RUNNING] * 10 + [EpisodeState.FINISHED] * 2
    assert not proposed[-1].any() and not proposed[-2].any() and proposed[-3].any()


@pytest.mark.parametrize(
    "told",
    [
        SafetyStatus(state=SafetyStatus.READY, reason="observing", mode="observe"),
        SafetyStatus(state=SafetyStatus.READY, reason="no_heartbeat", mode="supervised"),
        SafetyStatus(state=SafetyStatus.HOLD, reason="stale_images", mode="autonomous"),
        SafetyStatus(state=SafetyStatus.ACTIVE, reason="none", mode="guided"),
    ],
    ids=lambda told: told.reason,
)
def test_while_the_arm_may_not_move_it_proposes_nothing_and_its_time_stands_still(stage: Stage, told: SafetyStatus) -> None:
    assert not any(stage.look(told if not number else None).any() for number in range(12))
    active = SafetyStatus(state=SafetyStatus.ACTIVE, reason="none", mode="autonomous")
    assert stage.look(active).any() and stage.episodes[-1].phase == EpisodeState.RUNNING


def test_a_stop_ends_it(stage: Stage) -> None:
    stage.look()
    sentence = "joint_1 was pushed."
    stage.status.publish(SafetyStatus(state=SafetyStatus.PROTECTIVE_STOP, reason="contact", message=sentence))
    stage.graph.until(lambda: stage.node.failure is not None, "the end")
    assert stage.node.failure == f"The excitation ends, the arm was stopped: {sentence}"


def test_a_smaller_extent_is_slower_and_stays_nearer() -> None:
    whole, part = (Excitation(ARM, ARM.home, 1, extent) for extent in (1.0, 0.2))
    fast, slow = (np.array([each.velocity(0.1 * tick, ARM.home) for tick in range(50)]) for each in (whole, part))
    np.testing.assert_allclose(slow, 0.2 * fast)
    outside = ARM.home + 0.15
    assert (part.velocity(9.0, outside) <= 0.0).all() and (whole.velocity(9.0, outside) > 0.0).any()


def test_time_counts_only_while_motion_is_allowed() -> None:
    progress = Progress(3 * PERIOD_NS)
    told = []
    for number, allowed in enumerate((True, True, False, False, True, True, True)):
        progress.allow(allowed)
        told.append(progress.advance(number * PERIOD_NS))
    assert told == [True, True, False, False, True, False, False]
    assert progress.finished and progress.moved_ns == 3 * PERIOD_NS
