"""A policy of two views in the graph: a seed is a trajectory, and a wrist camera that falls silent brings the arm to rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand
from sensor_msgs.msg import Image
from test_determinism import run

from jaco_core.arms import load_arm
from jaco_core.cameras import POLICY, camera_topics
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import RUNNING, EpisodeStatus
from jaco_policy.camera_contract import CameraContract
from jaco_policy.checkpoint import Card, save_checkpoint
from jaco_policy.networks import Column, ColumnSpec
from jaco_policy.node import PolicyNode
from jaco_safety.limits import load_limits
from jaco_safety.reasons import Reason, State
from jaco_safety.supervisor import Supervisor
from jaco_safety.testing import Bench

ARM = load_arm("j2n6s300")
TICKS_PER_IMAGE = 10


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """An untrained policy that sees the wrist's view and depth beside its own camera's."""
    torch.manual_seed(0)
    column = Column(ColumnSpec(hidden=16, views=2, depth=True))
    torch.nn.init.orthogonal_(column.policy.weight, 5.0)
    speeds = tuple((-0.1, 0.0, 0.1) for _ in range(len(ARM)))
    camera = CameraContract(further=("wrist",), depth=True)
    card = Card("two", "reach", ARM.name, ARM.joint_names, speeds, 0.1, column.spec, camera)
    save_checkpoint(tmp_path / "policy", card, column)
    return tmp_path / "policy"


def test_the_same_seed_gives_the_same_trajectory_through_two_views_with_depth(policy: Path, tmp_path: Path) -> None:
    first = run(tmp_path / "first", seed=7, policy=str(policy), episodes=1)
    assert run(tmp_path / "again", seed=7, slow="policy", policy=str(policy), episodes=1) == first


def test_a_wrist_camera_that_falls_silent_lets_the_arm_rest_until_it_is_back(policy: Path) -> None:
    bench = Bench(ARM, Supervisor(ARM, load_limits(ARM.name), realtime=True), ARM.home.copy())
    image, depth = np.full((64, 64, 3), 128, np.uint8), np.full((64, 64), 500, np.uint16)
    with GraphUnderTest(checkpoint=policy, lockstep=False) as graph:
        topics = {name: camera_topics(name) for name in (POLICY, "wrist")}
        images = {name: graph.console.create_publisher(Image, each.image, qos.STATE) for name, each in topics.items()}
        depths = {name: graph.console.create_publisher(Image, each.depth, qos.STATE) for name, each in topics.items()}
        episodes = graph.console.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        commands = graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)

        def look(*cameras: str) -> None:
            """Lets the policy act on what `cameras` send now, and the arm follow the supervisor until the next image."""
            for name in cameras:
                depths[name].publish(convert.depth_to_message(depth, bench.stamp_ns, name))
                images[name].publish(convert.image_to_message(image, bench.stamp_ns, name))
            status = EpisodeStatus(bench.stamp_ns, "reach", RUNNING)
            episodes.publish(convert.episode_to_message(status))
            seen = len(commands)
            if "wrist" in cameras:
                graph.until(lambda: len(commands) > seen, "the answer")
            else:
                graph.until(lambda: bool(node._senses.missing), "the policy to miss a view")
            for message in commands[seen:]:
                bench.supervisor.on_command(convert.command_from_message(message))
            bench.step(TICKS_PER_IMAGE)

        bench.joints()
        for _ in range(3):
            look("wrist", POLICY)
        assert bench.supervisor.state in (State.ACTIVE, State.LIMITED) and bench.velocity.any()
        for _ in range(6):
            look(POLICY)
        evidence = bench.supervisor.evidence
        assert bench.supervisor.state is State.HOLD and evidence is not None and evidence.reason is Reason.STALE_COMMAND
        assert not bench.velocity.any() and len(commands) == 3
        look("wrist", POLICY)
        assert bench.supervisor.state in (State.ACTIVE, State.LIMITED) and bench.velocity.any()
