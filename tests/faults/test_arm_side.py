"""What every arm's side does when orders stop or are none: one contract for the driver with its fake arm and the simulator."""

from __future__ import annotations

import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import rclpy
from jaco_interfaces.msg import JointVelocityCommand, StopInput
from rclpy.duration import Duration
from sensor_msgs.msg import JointState

from jaco_core.arms import load_arm
from jaco_core.domain import take_random_domain
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import VelocityCommand
from jaco_driver.node import DriverNode
from jaco_sim.node import SimNode

ARM = load_arm("j2n6s300")
SPEED = 0.2
STILL = 0.02
TIMEOUT_S = 0.15
# Standstill after the last order: the time-out, two ticks, the longest halt from SPEED, and what a busy machine may add.
BOUND_S = TIMEOUT_S + 0.02 + SPEED / float(np.min(ARM.max_acceleration)) + 0.15


@dataclass
class Rig:
    """An arm's side that is active, and the supervisor's side of it by hand."""

    graph: GraphUnderTest
    node: JacoNode[object]

    def __post_init__(self) -> None:
        self.states: list[JointState] = self.graph.collect(JointState, "/joint_states", qos.RECORD)
        self.applied: list[JointVelocityCommand] = self.graph.collect(JointVelocityCommand, "/arm/applied", qos.RECORD)
        self.inputs: list[StopInput] = self.graph.collect(StopInput, "/safety/inputs", qos.INPUT)
        self.commands = self.graph.console.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND)
        assert self.graph.configure(self.node) and self.graph.activate(self.node)
        self.graph.until(lambda: self.commands.get_subscription_count() > 0 and bool(self.states), "the arm's side to connect")

    def send(self, velocity: object, names: tuple[str, ...] = ARM.joint_names) -> None:
        message = convert.command_to_message(VelocityCommand(1, names, np.zeros(len(names))))
        message.velocities = array.array("d", np.broadcast_to(np.asarray(velocity, dtype=float), (len(ARM),)))
        self.commands.publish(message)

    def drive(self) -> None:
        """Answers joint states until the arm has SPEED."""
        seen = 0

        def going() -> bool:
            nonlocal seen
            if len(self.states) > seen:
                seen = len(self.states)
                self.send(SPEED)
            return bool(np.allclose(self.states[-1].velocity[:6], SPEED, atol=0.03))

        self.graph.until(going, f"the arm to move at {SPEED} rad/s")

    def seconds_to_rest(self) -> float:
        """Returns how long the arm takes to stand still from now on, in periods of its states.

        Not by the clock: a pause of this process (all nodes of the test live in it) is none of the arm's side.
        """
        begin = len(self.states) - 1
        self.graph.until(lambda: np.abs(self.states[-1].velocity).max() < STILL, "the arm to stand still")
        return (len(self.states) - 1 - begin) / ARM.state_rate_hz

    def stays_at_rest(self) -> bool:
        count = len(self.states) + 30
        self.graph.until(lambda: len(self.states) > count, "more joint states")
        return all(np.abs(state.velocity).max() < STILL for state in self.states[-25:])


@pytest.fixture(params=["driver with the fake arm", "simulator"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    kind = DriverNode if request.param.startswith("driver") else SimNode
    with take_random_domain() as domain, GraphUnderTest(domain.number, lockstep=False, command_timeout=TIMEOUT_S) as graph:
        yield Rig(graph, graph.add(kind))


def test_it_does_as_it_is_told(rig: Rig) -> None:
    rig.drive()
    assert np.allclose(rig.applied[-1].velocities, SPEED)


def test_silence_brakes_it_to_rest(rig: Rig) -> None:
    rig.drive()
    assert rig.seconds_to_rest() < BOUND_S
    assert rig.stays_at_rest()


def test_it_goes_on_after_silence(rig: Rig) -> None:
    rig.drive()
    rig.seconds_to_rest()
    rig.drive()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_never_applied(rig: Rig, bad: float) -> None:
    rig.drive()
    rig.send([bad] + [SPEED] * (len(ARM) - 1))
    assert rig.seconds_to_rest() < BOUND_S
    assert all(np.isfinite(message.velocities).all() for message in rig.applied)
    assert rig.stays_at_rest()


def test_joints_of_another_arm_are_never_obeyed(rig: Rig) -> None:
    rig.drive()
    count = len(rig.applied)
    rig.send(-SPEED, ARM.joint_names[::-1])
    assert rig.seconds_to_rest() < BOUND_S
    assert all(min(message.velocities) >= 0.0 for message in rig.applied[count:])


def test_of_two_masters_it_obeys_none_and_reports_them(rig: Rig) -> None:
    rig.drive()
    rogue = rclpy.create_node("rogue", use_global_arguments=False)
    publisher = rogue.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND)
    rig.graph.until(lambda: publisher.get_subscription_count() > 0, "the rogue to connect")
    publisher.publish(convert.command_to_message(VelocityCommand(1, ARM.joint_names, np.full(len(ARM), -SPEED))))
    assert rig.seconds_to_rest() < BOUND_S
    assert rig.stays_at_rest()
    rig.graph.until(lambda: bool(rig.inputs) and rig.inputs[-1].active, "the report")
    assert rig.inputs[-1].kind == StopInput.DRIVER
    assert "rogue" in rig.inputs[-1].message
    assert all(min(message.velocities) >= -1e-9 for message in rig.applied)
    rogue.destroy_node()


def test_deactivated_while_it_moves_it_ends_with_zero_and_obeys_nobody(rig: Rig) -> None:
    rig.drive()
    before = len(rig.applied)
    rig.node.quiesce()
    rig.graph.until(lambda: not any(rig.applied[-1].velocities), "the last command to be zero")
    count = len(rig.applied)
    rig.send(SPEED)
    assert rig.commands.wait_for_all_acked(Duration(seconds=5.0))
    for _ in range(20):
        rig.graph.executor.spin_once(timeout_sec=0.01)
    assert len(rig.applied) == count and not rig.node.active
    if isinstance(rig.node, SimNode):  # an arm behind the driver brakes by itself
        applied = np.array([message.velocities for message in rig.applied[before - 1 :]])
        assert (np.abs(np.diff(applied, axis=0)) <= ARM.max_acceleration / ARM.state_rate_hz + 1e-9).all()
