"""What pushes the tool and what ails the arm reach the driver; a sensor that falls silent or talks nonsense is a fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from controller_stand_in import ControllerStandIn, robot
from rigs import BEGIN_NS, TIMEOUT_S, TopicRig
from stand_in import ready_plant

from jaco_core.arms import load_arm
from jaco_core.types import WrenchSample
from jaco_driver.driver import Driver
from jaco_driver.fake import FakeArm
from jaco_driver.feeling import wrench_of
from jaco_driver.ros2_control.arm import Ros2ControlArm
from jaco_driver.ros2_control.node import ControllerTopics

ARM = load_arm("ur5e")


@pytest.fixture
def rig() -> Iterator[TopicRig]:
    setup = replace(robot("velocity"), wrench="/stand_in/wrench")
    plant = ready_plant(ARM, BEGIN_NS)
    rig = TopicRig(lambda context: ControllerStandIn(plant, ARM, "velocity", context))

    def make_link() -> ControllerTopics:
        topics: ControllerTopics = rig.watch(ControllerTopics("link", ARM, setup, TIMEOUT_S, rig.context))
        return topics

    rig.port = Ros2ControlArm(ARM, setup, make_link, 0.15, TIMEOUT_S, rig.now_ns)
    yield rig
    rig.close()


def felt(rig: TopicRig, force: float) -> WrenchSample:
    """Waits until the port feels `force` [N] along x."""
    newest: list[WrenchSample] = []

    def arrived() -> bool:
        wrench = wrench_of(rig.port, rig.now_ns())
        assert wrench is not None
        newest.append(wrench)
        return bool(wrench.force[0] == force)

    rig.until(arrived, f"a force of {force} N")
    return newest[-1]


def test_wrench_of_the_arms_driver_arrives_and_one_that_ends_is_a_fault(rig: TopicRig) -> None:
    rig.port.configure()
    driver = Driver(ARM, rig.port, 0.15)
    driver.start(rig.now_ns())
    assert rig.stand_in is not None
    rig.stand_in.push = np.array([12.5, 0.0, 0.0])
    wrench = felt(rig, 12.5)
    assert (wrench.frame, wrench.stamp_ns) == ("tool0", rig.now_ns())
    rig.stand_in.misbehaviour = "numb"
    rig.stand_in.push = np.array([50.0, 0.0, 0.0])
    rig.pass_time(0.4)
    rig.port.state(rig.now_ns())
    assert driver.wrench(rig.now_ns()) is None
    assert "has not told the wrench at its tool for 0.4" in driver.fault


def test_wrench_that_is_not_finite_is_a_fault(rig: TopicRig) -> None:
    rig.port.configure()
    driver = Driver(ARM, rig.port, 0.15)
    driver.start(rig.now_ns())
    assert rig.stand_in is not None
    rig.stand_in.push = np.array([np.nan, 0.0, 0.0])
    rig.until(lambda: driver.wrench(rig.now_ns()) is None, "the fault")
    assert "wrench at its tool that is not finite" in driver.fault


def test_fault_of_the_arms_driver_is_told_without_a_command(rig: TopicRig) -> None:
    rig.port.configure()
    rig.port.activate(rig.now_ns())
    assert rig.port.fault() == ""
    assert isinstance(rig.stand_in, ControllerStandIn)
    rig.stand_in.fault()
    rig.until(lambda: "/fault_controller/internal_fault says data = True" in rig.port.fault(), "the fault")


def test_arm_that_feels_nothing_tells_nothing() -> None:
    assert wrench_of(FakeArm(ARM), 0) is None
