"""The driver's node with the Kortex backend on the fake base survives every trap, says what happened, and waits for a reset."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from geometry_msgs.msg import WrenchStamped
from jaco_interfaces.msg import JointVelocityCommand, StopInput
from kortex_traps import FAKED
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.convert import command_to_message
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import VelocityCommand
from jaco_driver import backends
from jaco_driver.kortex.testing import Faked
from jaco_driver.node import DriverNode

TIMEOUT = 30.0
# Speeds that must not move a stopped arm: so many joint states are answered with one.
INSISTENCE = 10


class Probe:
    """The supervisor's side, by hand, of a driver node in this process."""

    def __init__(self, bench: Faked, graph: GraphUnderTest) -> None:
        self.bench, self.graph = bench, graph
        self.states = graph.collect(JointState, "/joint_states", qos.RECORD)
        self.reports: list[StopInput] = graph.collect(StopInput, "/safety/inputs", qos.RECORD)
        self.wrenches: list[WrenchStamped] = graph.collect(WrenchStamped, "/arm/wrench", qos.RECORD)
        self.commands = graph.console.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND)
        self.clear = graph.console.create_client(Trigger, "/driver/clear_faults")
        self.node = graph.add(DriverNode)
        assert graph.configure(self.node) and graph.activate(self.node)
        self.until(lambda: self.commands.get_subscription_count() > 0 and self.clear.service_is_ready(), "the driver")
        self.until(lambda: len(self.reports) > 0 or len(self.states) > 0, "joint states")

    def until(self, predicate: Callable[[], bool], what: str, driving: bool = False) -> None:
        """Waits; `driving`: answers every joint state with a speed meanwhile."""
        seen = 0

        def done() -> bool:
            nonlocal seen
            if driving and len(self.states) > seen:
                seen = len(self.states)
                self.send()
            return predicate()

        self.graph.until(done, what, TIMEOUT)

    def send(self) -> None:
        names = self.bench.arm.joint_names
        self.commands.publish(command_to_message(VelocityCommand(1, names, np.full(len(names), 0.2))))

    def drive(self) -> None:
        """Answers every joint state with a speed until the arm moves."""
        self.until(lambda: self.bench.base.moving(), "the arm to move", True)

    def insist(self) -> None:
        """Goes on sending speeds, which must not move the arm."""
        begin = len(self.states)

        def insisted() -> bool:
            assert not self.bench.base.moving(), "nothing moves before a reset"
            return len(self.states) >= begin + INSISTENCE

        self.until(insisted, "joint states", True)

    def cleared(self) -> bool:
        future = self.clear.call_async(Trigger.Request())
        self.until(future.done, "the answer of ~/clear_faults")
        return bool(future.result().success)


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    bench = Faked()
    with pytest.MonkeyPatch.context() as patch, take_random_domain() as domain:
        patch.setitem(backends._BACKENDS, "kortex", lambda arm, node: bench.port)
        with GraphUnderTest(domain.number, arm="gen3", backend="kortex") as graph:
            yield Probe(bench, graph)


@pytest.mark.parametrize("name", FAKED)
def test_trap(probe: Probe, name: str) -> None:
    trap, base = FAKED[name], probe.bench.base
    probe.drive()
    probe.reports.clear()
    trap.spring(base)
    probe.until(lambda: bool(probe.reports), "the driver's report", True)
    report = probe.reports[0]
    assert report.active and report.kind == StopInput.DRIVER and re.search(trap.words, report.message)
    probe.until(lambda: not base.moving(), "the arm to stand")
    trap.end(base)
    probe.until(lambda: not probe.bench.lost(), "the port to be connected")
    probe.insist()
    assert all(report.active for report in probe.reports)
    probe.until(probe.cleared, "the reset")
    assert not base.moving()
    assert not probe.reports[-1].active
    probe.drive()


def test_force_on_the_tool_goes_to_the_supervisor(probe: Probe) -> None:
    probe.bench.base.force = np.array([3.0, 0.0, -40.0])
    probe.until(lambda: bool(probe.wrenches) and probe.wrenches[-1].wrench.force.z == -40.0, "the wrench")
    assert probe.wrenches[-1].wrench.force.x == 3.0
    assert probe.wrenches[-1].header.frame_id == probe.bench.arm.base_frame
    probe.bench.base.force = np.zeros(3)


def test_arm_stands_when_the_node_has_halted(probe: Probe) -> None:
    probe.drive()
    probe.node.quiesce()
    assert not probe.bench.base.moving()
