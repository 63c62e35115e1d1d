from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
import rclpy
from jaco_interfaces.msg import SafetyStatus, SceneState
from monitor_support import joints, scene, status
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.convert import ns_to_stamp
from jaco_core.ros.waiting import spin_until
from jaco_monitor.markers import messages
from jaco_monitor.markers.node import MarkersNode
from jaco_monitor.palette import state_color

TIMEOUT_S = 30.0


class Graph(Node):
    """The rest of the graph, and RViz."""

    def __init__(self) -> None:
        super().__init__("graph")
        self.markers: list[MarkerArray] = []
        self.descriptions: list[String] = []
        self.states = self.create_publisher(JointState, "/joint_states", qos.STATE)
        self.scenes = self.create_publisher(SceneState, "/scene", qos.STATE)
        self.statuses = self.create_publisher(SafetyStatus, "/safety/status", qos.LATCHED)
        self.create_subscription(MarkerArray, "/markers", self.markers.append, qos.STATE)
        self.create_subscription(String, "/robot_description", self.descriptions.append, qos.LATCHED)


@contextmanager
def graph() -> Iterator[tuple[MarkersNode, Graph, SingleThreadedExecutor]]:
    domain = take_random_domain()
    rclpy.init(domain_id=domain.number)
    try:
        node, others, executor = MarkersNode(), Graph(), SingleThreadedExecutor()
        executor.add_node(node)
        executor.add_node(others)
        yield node, others, executor
        node.quiesce()
        node.release()
    finally:
        rclpy.shutdown()
        domain.release()


def test_rviz_gets_the_arm_its_transforms_and_the_verdict() -> None:
    message_type = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed here").TFMessage
    with graph() as (node, others, executor):
        transforms: list[object] = []
        others.create_subscription(message_type, "/tf", transforms.append, qos.STATE)
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        others.statuses.publish(status(SafetyStatus.LIMITED, "velocity"))
        spin_until(executor, lambda: others.states.get_subscription_count() == 1, TIMEOUT_S, "the markers node")

        state, world = joints(), scene()

        def said() -> bool:
            # Best effort: what was sent before the connection stood is gone, so it is said again and again, as a graph does.
            state.header.stamp = ns_to_stamp(others.get_clock().now().nanoseconds)
            others.scenes.publish(world)
            others.states.publish(state)
            return bool(transforms) and bool(others.markers) and len(others.markers[-1].markers) == 4

        spin_until(executor, said, TIMEOUT_S, "transforms and all markers")
        found = {marker.ns: marker for marker in others.markers[-1].markers}
        assert set(found) == {"arm", "workspace", "objects", "verdict"}
        assert found["verdict"].text == "LIMITED\nvelocity"
        color = found["verdict"].color
        assert tuple(round(255 * part) for part in (color.r, color.g, color.b)) == state_color(SafetyStatus.LIMITED)
        assert found["objects"].pose.position.x == 0.4
        frames = {transform.child_frame_id for transform in transforms[-1].transforms}  # type: ignore[attr-defined]
        assert {"b_base", "b_6", "palm"} <= frames
        assert others.descriptions[0].data.count("<joint") == len(frames)


def test_it_looks_at_most_ten_times_per_second_of_joint_state_time() -> None:
    pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed here")
    with graph() as (node, others, executor):
        node.trigger_configure()
        node.trigger_activate()
        spin_until(executor, lambda: others.states.get_subscription_count() == 1, TIMEOUT_S, "the markers node")
        state, sent = joints(), 0

        def said() -> bool:
            nonlocal sent
            state.header.stamp = ns_to_stamp(10_000_000 * sent)  # 100 Hz of the arm's time
            sent += 1
            others.states.publish(state)
            return len(others.markers) >= 4

        spin_until(executor, said, TIMEOUT_S, "markers")
        stamps = [array.markers[0].header.stamp for array in others.markers]
        times = [stamp.sec + 1e-9 * stamp.nanosec for stamp in stamps]
        assert all(later - earlier > 0.0999 for earlier, later in pairwise(times))


def test_it_draws_for_nobody_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    message_type = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed here").TFMessage
    drawn: list[object] = []
    monkeypatch.setattr(messages, "skeleton", lambda *told: drawn.append(told))
    with graph() as (node, others, executor):
        others.destroy_subscription(next(each for each in others.subscriptions if each.topic_name == "/markers"))
        transforms: list[object] = []
        others.create_subscription(message_type, "/tf", transforms.append, qos.STATE)
        node.trigger_configure()
        node.trigger_activate()
        state = joints()

        def said() -> bool:
            state.header.stamp = ns_to_stamp(others.get_clock().now().nanoseconds)
            others.states.publish(state)
            return len(transforms) >= 2

        spin_until(executor, said, TIMEOUT_S, "transforms")
        assert not drawn


def test_it_refuses_without_tf2_msgs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2_msgs.msg", None)
    with graph() as (node, _, _executor):
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
