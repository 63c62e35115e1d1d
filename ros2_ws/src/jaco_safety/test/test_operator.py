"""The operator's keys, and the console on its topics."""

from __future__ import annotations

import numpy as np
from jaco_interfaces.msg import JointVelocityCommand
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from jaco_core.arms import Arm
from jaco_core.ros import qos
from jaco_core.ros.convert import joints_to_message
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import JointSample
from jaco_safety.modes import Mode
from jaco_safety.operator.keys import Keys, Request
from jaco_safety.operator.node import OperatorNode

SECOND = 1_000_000_000


def test_jog_lasts_as_long_as_the_key_and_only_in_guided_mode() -> None:
    keys = Keys(9, 0.15, 0.6)
    keys.press("+", 0)
    assert keys.wish(0).jog is None
    assert keys.press("g", 0) is Mode.GUIDED
    assert keys.press("3", 0) is None
    keys.press("-", SECOND)
    jog = keys.wish(SECOND + SECOND // 2).jog
    assert jog is not None and jog[2] == -0.15 and np.count_nonzero(jog) == 1
    released = keys.wish(2 * SECOND).jog
    assert released is not None and not released.any()
    keys.press("-", 3 * SECOND)
    keys.press("4", 3 * SECOND)
    chosen = keys.wish(3 * SECOND).jog
    assert chosen is not None and not chosen.any(), "another joint does not go on with the old one's jog"


def test_dead_man_key_is_held_by_its_repetition() -> None:
    keys = Keys(9, 0.15, 0.6)
    assert not keys.wish(0).held
    keys.press(" ", 0)
    assert keys.wish(SECOND // 2).held
    assert not keys.wish(SECOND).held


def test_requests() -> None:
    keys = Keys(9, 0.15, 0.6)
    assert [keys.press(key, 0) for key in "xrqz"] == [Request.STOP, Request.RESET, Request.QUIT, None]


def test_console_stamps_with_what_it_has_seen(arm: Arm) -> None:
    with GraphUnderTest() as graph:
        pressed = ["g", "1", "+", " "]
        node = OperatorNode(lambda: [pressed.pop(0)] if pressed else ["+"])
        graph.executor.add_node(node)
        commands = graph.collect(JointVelocityCommand, "/operator/command", qos.COMMAND)
        heartbeats = graph.collect(Header, "/operator/heartbeat", qos.COMMAND)
        joints = graph.console.create_publisher(JointState, "/joint_states", qos.STATE)
        sample = JointSample(7 * SECOND, arm.joint_names, arm.home, np.zeros(len(arm)))

        def jogged() -> bool:
            joints.publish(joints_to_message(sample, "base"))
            return bool(commands and any(commands[-1].velocities) and heartbeats)

        graph.until(jogged, "a jog and a heartbeat")
        assert commands[-1].header.stamp.sec == heartbeats[-1].stamp.sec == 7
        assert commands[-1].velocities[0] == 0.15
        node.destroy_node()
