"""The policy node over real topics: what it refuses, and one answer per image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, PolicyStep
from sensor_msgs.msg import CameraInfo, Image, JointState

from jaco_core.arms import load_arm
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import ENDED, RUNNING, EpisodeStatus
from jaco_policy.checkpoint import CARD_FILE, WEIGHTS_FILE, Card, load_checkpoint, save_checkpoint
from jaco_policy.grown import GrownSpec
from jaco_policy.networks import Column, ColumnSpec
from jaco_policy.node import PolicyNode

ARM = load_arm("j2n6s300")
IMAGE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy with random weights that can drive the arm."""
    spec = ColumnSpec()
    speeds = tuple((-0.1, 0.0, 0.1) for _ in range(len(ARM)))
    save_checkpoint(tmp_path, Card("random", "reach", ARM.name, ARM.joint_names, speeds, 0.1, spec), Column(spec))
    return tmp_path


class Inputs:
    """Stands in for camera and task."""

    def __init__(self, graph: GraphUnderTest) -> None:
        self._image = graph.console.create_publisher(Image, "/camera/image_raw", qos.STATE)
        self._info = graph.console.create_publisher(CameraInfo, "/camera/camera_info", qos.STATE)
        self._episode = graph.console.create_publisher(EpisodeState, "/episode/state", qos.EVENT)

    def image(self, stamp_ns: int) -> None:
        self._image.publish(convert.image_to_message(IMAGE, stamp_ns, "camera"))

    def episode(self, stamp_ns: int, phase: int = RUNNING, episode: int = 0) -> None:
        self._episode.publish(convert.episode_to_message(EpisodeStatus(stamp_ns, "reach", phase, episode=episode)))

    def describe(self, size: int) -> None:
        self._info.publish(convert.camera_info_to_message(size, size, np.eye(3), np.zeros(5), 1, "camera"))


def stamps(commands: list[JointVelocityCommand]) -> list[int]:
    return [convert.stamp_to_ns(command.header.stamp) for command in commands]


@pytest.mark.parametrize("image_first", [True, False])
def test_each_image_is_answered_once_under_its_stamp(folder: Path, image_first: bool) -> None:
    with GraphUnderTest(checkpoint=folder, lockstep=True) as graph:
        inputs, commands = Inputs(graph), graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        steps = graph.collect(PolicyStep, "/policy/step", qos.EVENT)
        facts = graph.collect(DiagnosticArray, "/diagnostics", qos.EVENT)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        for stamp_ns in (100, 200, 300):
            first, second = (inputs.image, inputs.episode) if image_first else (inputs.episode, inputs.image)
            first(stamp_ns)
            second(stamp_ns)
            graph.until(lambda stamp_ns=stamp_ns: stamp_ns in stamps(commands), "the answer")  # type: ignore[misc]
        inputs.image(300)
        graph.until(lambda: stamps(commands)[-2:] == [300, 300], "the same answer to the same image shown again")
        assert commands[-1] == commands[-2]
        inputs.image(400)
        inputs.episode(400, ENDED)
        graph.until(lambda: 400 in stamps(commands), "the answer to the last observation")
        graph.until(lambda: len(steps) == 3, "three policy steps")
        assert stamps(commands) == [100, 200, 300, 300, 400]
        assert not any(commands[-1].velocities) and list(commands[0].joint_names) == list(ARM.joint_names)
        assert set(np.abs(commands[0].velocities)) <= {0.0, 0.1}
        assert all(len(step.action) == len(ARM) and 0.0 < step.inference_ms < 1000.0 for step in steps)
        assert {value.key: value.value for value in facts[0].status[0].values}["name"] == "random"


def test_a_policy_that_feels_its_joints_waits_for_the_image_s_joint_state(folder: Path) -> None:
    network = load_checkpoint(folder).network
    network.grow(GrownSpec((), 8, inputs=2 * len(ARM), proprioception=4))
    save_checkpoint(folder, load_checkpoint(folder).card, network)
    with GraphUnderTest(checkpoint=folder, lockstep=True) as graph:
        inputs, commands = Inputs(graph), graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        joints = graph.console.create_publisher(JointState, "/joint_states", qos.EVENT)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: joints.get_subscription_count() > 0, "a reader of the joint states")
        zeros = [0.0] * len(ARM)

        def feel(stamp_ns: int) -> None:
            message = JointState(name=list(ARM.joint_names), position=list(ARM.home), velocity=zeros)
            message.header.stamp = convert.ns_to_stamp(stamp_ns)
            joints.publish(message)

        feel(50)
        inputs.episode(100)
        inputs.image(100)
        graph.until(lambda: not node._retry.is_canceled(), "the policy to wait")
        assert not commands
        feel(100)
        graph.until(lambda: stamps(commands) == [100], "the answer")
        # A joint state that never came is silence, not a guess.
        feel(10**9)
        inputs.episode(5 * 10**8)
        inputs.image(5 * 10**8)
        inputs.episode(10**9)
        inputs.image(10**9)
        graph.until(lambda: stamps(commands) == [100, 10**9], "the answer to the image whose joint state came")


def test_in_real_time_it_does_not_wait_for_the_verdict_on_the_image(folder: Path) -> None:
    with GraphUnderTest(checkpoint=folder, lockstep=False) as graph:
        inputs, commands = Inputs(graph), graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        inputs.episode(100)
        graph.until(lambda: node._episode is not None, "the verdict")
        inputs.image(200)
        graph.until(lambda: stamps(commands) == [200], "the answer")


def test_a_camera_of_another_size_ends_the_node_with_a_sentence(folder: Path) -> None:
    with GraphUnderTest(checkpoint=folder, lockstep=True) as graph:
        inputs = Inputs(graph)
        graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        inputs.describe(128)
        graph.until(lambda: node.failure is not None, "the refusal")
        assert node.failure is not None and "64 x 64 images, the camera sends 128 x 128" in node.failure


def test_stopping_leaves_a_zero_command(folder: Path) -> None:
    with GraphUnderTest(checkpoint=folder, lockstep=False) as graph:
        Inputs(graph)
        commands = graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        node.quiesce()
        graph.until(lambda: len(commands) == 1, "the last command")
        assert not any(commands[0].velocities)


@pytest.mark.parametrize("damage", ["missing", "weights", "card", "other arm"])
def test_a_policy_that_cannot_be_trusted_refuses_to_configure(folder: Path, damage: str) -> None:
    weights, card = folder / WEIGHTS_FILE, folder / CARD_FILE
    if damage == "missing":
        weights.unlink()
    elif damage == "weights":
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x00\x01")
    elif damage == "card":
        card.write_text("{")
    else:
        card.write_text(json.dumps(json.loads(card.read_text()) | {"arm": "gen3"}))
    with GraphUnderTest(checkpoint=folder) as graph:
        assert not graph.configure(graph.add(PolicyNode))
