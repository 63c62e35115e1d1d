"""A force that the arm's driver measures at the tool: beyond the limit it is a contact, for as long as it lasts."""

from __future__ import annotations

import pytest
from geometry_msgs.msg import WrenchStamped
from jaco_interfaces.msg import SafetyStatus
from sensor_msgs.msg import JointState

from jaco_core.arms import load_arm
from jaco_core.ros import qos
from jaco_core.ros.convert import joints_to_message, wrench_to_message
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import JointSample, WrenchSample
from jaco_safety.limits import SafetyLimits
from jaco_safety.node import SafetyNode
from jaco_safety.reasons import Reason, State
from jaco_safety.testing import Bench


@pytest.mark.parametrize("force", [1000.0, float("nan")])
def test_force_beyond_the_limit_stops_and_lasts_until_it_is_gone(bench: Bench, limits: SafetyLimits, force: float) -> None:
    bench.step(5)
    assert bench.supervisor.on_wrench(0.9 * limits.contact_force) is None
    answer = bench.supervisor.on_wrench(force)
    assert answer is not None
    assert bench.supervisor.state is State.PROTECTIVE_STOP
    evidence = bench.supervisor.evidence
    assert evidence is not None and (evidence.reason, evidence.subject) == (Reason.CONTACT, "tool")
    bench.step(200)
    bench.supervisor.request_reset(bench.stamp_ns)
    bench.step()
    assert bench.supervisor.state is State.PROTECTIVE_STOP, "a reset while the force lasts ends with the next joint state"
    bench.supervisor.on_wrench(0.0)
    bench.step(200)
    assert bench.supervisor.request_reset(bench.stamp_ns) is None
    bench.step(5)
    assert bench.supervisor.state is not State.PROTECTIVE_STOP


def test_wrench_on_its_topic_stops_the_arm() -> None:
    arm = load_arm("j2n6s300")
    with GraphUnderTest(mode="autonomous") as graph:
        node = graph.add(SafetyNode)
        assert graph.configure(node) and graph.activate(node)
        joints = graph.console.create_publisher(JointState, "/joint_states", qos.STATE_WRITER)
        wrench = graph.console.create_publisher(WrenchStamped, "/arm/wrench", qos.STATE_WRITER)
        statuses = graph.collect(SafetyStatus, "/safety/status", qos.LATCHED)
        graph.until(lambda: joints.get_subscription_count() > 0 and wrench.get_subscription_count() > 0, "the supervisor")
        joints.publish(joints_to_message(JointSample(10**9, arm.joint_names, arm.home, [0.0] * len(arm)), "base"))
        wrench.publish(wrench_to_message(WrenchSample(10**9, "tool", [0.0, 600.0, 800.0], [0.0] * 3)))
        graph.until(lambda: bool(statuses) and "tool" in statuses[-1].message, "the stop", 20.0)
        assert "1000" in statuses[-1].message
