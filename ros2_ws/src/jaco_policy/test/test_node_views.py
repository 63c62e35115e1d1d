"""The policy node with several cameras over real topics: it answers an image with all its views, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand
from policy_support import save_policy
from sensor_msgs.msg import CameraInfo, Image

from jaco_core.cameras import POLICY, camera_topics
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import RUNNING, EpisodeStatus
from jaco_core.views import View, put_together
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.inference import PolicyRuntime
from jaco_policy.node import PolicyNode

RNG = np.random.default_rng(0)
PICTURES = {name: RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8) for name in (POLICY, "wrist")}
DEPTHS = {name: RNG.integers(0, 3000, (64, 64), dtype=np.uint16) for name in PICTURES}
MS = 10**6


class Cameras:
    """Stands in for two cameras with depth, and the task."""

    def __init__(self, graph: GraphUnderTest) -> None:
        topics = {name: camera_topics(name) for name in PICTURES}
        self._images = {name: graph.console.create_publisher(Image, each.image, qos.STATE) for name, each in topics.items()}
        self._depths = {name: graph.console.create_publisher(Image, each.depth, qos.STATE) for name, each in topics.items()}
        self._info = graph.console.create_publisher(CameraInfo, topics[POLICY].info, qos.STATE)
        self._episode = graph.console.create_publisher(EpisodeState, "/episode/state", qos.EVENT)

    def image(self, name: str, stamp_ns: int, size: int = 64) -> None:
        self._images[name].publish(convert.image_to_message(PICTURES[name][:size, :size], stamp_ns, name))

    def depth(self, name: str, stamp_ns: int, encoding: str = "16UC1") -> None:
        message = convert.depth_to_message(DEPTHS[name], stamp_ns, name)
        message.encoding = encoding
        self._depths[name].publish(message)

    def ask(self, stamp_ns: int, size: int = 64) -> None:
        self._episode.publish(convert.episode_to_message(EpisodeStatus(stamp_ns, "reach", RUNNING)))
        self.image(POLICY, stamp_ns, size)


def stamps(commands: list[JointVelocityCommand]) -> list[int]:
    return [convert.stamp_to_ns(command.header.stamp) for command in commands]


def test_it_answers_an_image_only_with_every_view_of_its_stamp(tmp_path: Path) -> None:
    save_policy(tmp_path, further=("wrist",), depth=True)
    with GraphUnderTest(checkpoint=tmp_path, lockstep=True) as graph:
        cameras, commands = Cameras(graph), graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        for late in ("wrist", "wrist depth", "depth"):
            stamp_ns = 100 * MS * (1 + len(commands))
            sends = {
                "wrist": lambda stamp: cameras.image("wrist", stamp),
                "wrist depth": lambda stamp: cameras.depth("wrist", stamp),
                "depth": lambda stamp: cameras.depth(POLICY, stamp),
            }
            for name, send in sends.items():
                # A millisecond beside it is another moment.
                send(stamp_ns - MS if name == late else stamp_ns)
            cameras.ask(stamp_ns)
            graph.until(lambda: not node._retry.is_canceled(), "the policy to wait")
            assert stamp_ns not in stamps(commands)
            sends[late](stamp_ns)
            graph.until(lambda stamp_ns=stamp_ns: stamp_ns in stamps(commands), "the answer")  # type: ignore[misc]
        seen = put_together([View(PICTURES[name], DEPTHS[name]) for name in PICTURES])
        expected = PolicyRuntime(load_checkpoint(tmp_path)).act(seen).velocity
    assert expected.any() and all(np.array_equal(command.velocities, expected) for command in commands)


def test_in_real_time_it_takes_the_nearest_view_and_none_that_is_far(tmp_path: Path) -> None:
    save_policy(tmp_path, further=("wrist",))
    with GraphUnderTest(checkpoint=tmp_path, lockstep=False) as graph:
        cameras, commands = Cameras(graph), graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        for offset in (-30, -10, 25):
            cameras.image("wrist", (100 + offset) * MS)
        cameras.ask(100 * MS)
        graph.until(lambda: stamps(commands) == [100 * MS], "the answer from the view 10 ms earlier")
        # No view within 20 ms of 200 ms: silence, and the next image is answered.
        cameras.image("wrist", 230 * MS)
        cameras.ask(200 * MS)
        graph.until(lambda: node._senses.hopeless, "the policy to give it up")
        cameras.image("wrist", 300 * MS)
        cameras.ask(300 * MS)
        graph.until(lambda: stamps(commands) == [100 * MS, 300 * MS], "the answer to the image whose view came")


@pytest.mark.parametrize("wrong", ["size", "own size", "encoding"])
def test_a_view_that_is_none_is_refused_and_not_acted_on(tmp_path: Path, wrong: str) -> None:
    save_policy(tmp_path, further=("wrist",), depth=True)
    with GraphUnderTest(checkpoint=tmp_path, lockstep=True) as graph:
        cameras, commands = Cameras(graph), graph.collect(JointVelocityCommand, "/policy/command", qos.STATE)
        node = graph.add(PolicyNode)
        assert graph.configure(node) and graph.activate(node)
        said: list[str] = []
        node.get_logger().error = lambda text, **_: said.append(text)  # type: ignore[method-assign]
        for stamp_ns in (100 * MS, 200 * MS):
            bad = stamp_ns == 100 * MS
            cameras.image("wrist", stamp_ns, 32 if bad and wrong == "size" else 64)
            cameras.depth("wrist", stamp_ns, "32FC1" if bad and wrong == "encoding" else "16UC1")
            cameras.depth(POLICY, stamp_ns)
            cameras.ask(stamp_ns, 32 if bad and wrong == "own size" else 64)
            if bad:
                graph.until(lambda: bool(said), "the refusal")
        graph.until(lambda: stamps(commands) == [200 * MS], "the answer to the image with good views")
    sentences = {
        "size": "/wrist_camera/image_raw sends 32 x 32 pixels, the policy reads 64 x 64",
        "own size": "/camera/image_raw sends 32 x 32 pixels, the policy reads 64 x 64",
        "encoding": "encoded as '32FC1'; expected 16UC1",
    }
    assert sentences[wrong] in said[0]


def test_the_learner_in_the_graph_shows_no_further_views(tmp_path: Path) -> None:
    save_policy(tmp_path, further=("wrist",))
    with GraphUnderTest(checkpoint=tmp_path, learning=True) as graph:
        assert not graph.configure(graph.add(PolicyNode))
