from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_driver.emulator.arm import EmulatedArm
from jaco_driver.emulator.base import Base
from jaco_driver.emulator.faults import fault_bit
from jaco_driver.emulator.refusal import Refusal
from jaco_driver.emulator.troubles import Troubles
from jaco_driver.emulator.zones import ProtectionZone
from jaco_driver.kortex_wire import functions
from jaco_driver.kortex_wire.codes import ActuatorFault, ArmState, BaseFault, ServoingMode, SubError

MS = 1_000_000
ALL = [(joint, 20.0) for joint in range(7)]


class Rig:
    def __init__(self, troubles: Troubles | None = None) -> None:
        self.now = 0
        self.base = Base(EmulatedArm(load_arm("gen3")), troubles or Troubles(), 0)
        self.events: list[tuple[int, Any]] = []
        self.base.event = lambda topic, notification: self.events.append((topic, notification))

    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds * MS
        self.base.advance(self.now)

    def states(self) -> list[int]:
        return [event.active_state for topic, event in self.events if topic == functions.ARM_STATE_TOPIC.uid]

    def speed(self) -> float:
        return float(np.abs(self.base.arm.read().velocity).max())


def refused(step: Callable[[], None]) -> SubError:
    with pytest.raises(Refusal) as caught:
        step()
    assert str(caught.value).endswith(".")
    return caught.value.sub_error


def test_a_command_goes_on_until_somebody_stops_it() -> None:
    rig = Rig()
    rig.base.move(1, ALL)
    rig.wait(1500)
    assert rig.speed() == pytest.approx(np.deg2rad(20), abs=0.01)
    rig.base.stop()
    rig.wait(300)
    assert rig.base.arm.standing
    assert rig.states() == [ArmState.MANUALLY_CONTROLLED, ArmState.SERVOING_READY]


def test_a_stop_of_what_stands_says_so() -> None:
    assert refused(Rig().base.stop) == SubError.ROBOT_NOT_MOVING


@pytest.mark.parametrize(
    ("speeds", "sub_error"),
    [
        (ALL[:6], SubError.CONTROL_ACTUATOR_COUNT_MISMATCH),
        ([*ALL, (7, 1.0)], SubError.CONTROL_ACTUATOR_COUNT_MISMATCH),
        ([(0, 1.0)] * 7, SubError.INVALID_PARAM),
        ([*ALL[:6], (6, float("nan"))], SubError.CONTROL_INVALID_SPEED),
    ],
)
def test_wrong_speeds_are_refused_and_nothing_moves(speeds: list[tuple[int, float]], sub_error: SubError) -> None:
    rig = Rig()
    assert refused(lambda: rig.base.move(1, speeds)) == sub_error
    rig.wait(200)
    assert rig.base.arm.standing and rig.base.state == ArmState.SERVOING_READY


def test_one_session_is_in_control_until_it_stops_or_is_gone() -> None:
    rig = Rig()
    rig.base.move(1, ALL)
    assert refused(lambda: rig.base.move(2, ALL)) == SubError.SESSION_NOT_IN_CONTROL
    assert refused(lambda: rig.base.grip(2, 3, 0.5)) == SubError.SESSION_NOT_IN_CONTROL
    rig.base.release(2)
    rig.wait(100)
    assert not rig.base.arm.standing
    rig.base.release(1)
    rig.wait(300)
    assert rig.base.arm.standing
    rig.base.move(2, ALL)
    assert rig.base.holder == 2


def test_another_session_may_stop() -> None:
    rig = Rig()
    rig.base.move(1, ALL)
    rig.wait(100)
    rig.base.stop()
    rig.wait(300)
    assert rig.base.arm.standing


@pytest.mark.parametrize("bit", [BaseFault.MAXIMUM_CURRENT, BaseFault.EMERGENCY_STOP_ACTIVATED])
def test_a_fault_in_motion_stops_the_arm_and_stays_until_it_is_cleared(bit: BaseFault) -> None:
    rig = Rig()
    rig.base.move(1, ALL)
    rig.wait(300)
    rig.base.fault(bit)
    rig.wait(300)
    assert rig.base.arm.standing and rig.base.state == ArmState.IN_FAULT and rig.base.faults.base == bit
    expected = SubError.ROBOT_IN_FAULT if bit == BaseFault.MAXIMUM_CURRENT else SubError.ROBOT_IN_EMERGENCY_STOP
    assert refused(lambda: rig.base.move(1, ALL)) == expected
    assert refused(lambda: rig.base.set_servoing_mode(ServoingMode.SINGLE_LEVEL)) == expected
    rig.base.clear_faults()
    assert rig.base.state == ArmState.SERVOING_READY
    rig.wait(200)
    assert rig.base.arm.standing, "a cleared fault must not bring the motion back"
    rig.base.move(1, ALL)


def test_an_actuators_fault_is_a_joints_fault_of_the_base_and_is_told() -> None:
    rig = Rig()
    rig.base.fault(ActuatorFault.MAXIMUM_TORQUE, actuator=2)
    assert rig.base.faults.actuators[2] == ActuatorFault.MAXIMUM_TORQUE and rig.base.faults.base == BaseFault.JOINT_FAULT
    told = [event for topic, event in rig.events if topic == functions.SAFETY_TOPIC.uid]
    assert [(event.safety_handle.identifier, event.value) for event in told] == [(ActuatorFault.MAXIMUM_TORQUE, 2)]
    rig.base.clear_faults()
    assert not rig.base.faults and rig.base.state == ArmState.SERVOING_READY


def test_a_fault_whose_cause_lasts_comes_back() -> None:
    rig = Rig()
    rig.base.fault(BaseFault.MINIMUM_VOLTAGE, lasts=True)
    rig.base.clear_faults()
    assert rig.base.state == ArmState.IN_FAULT
    rig.base.faults.end_cause()
    rig.base.clear_faults()
    assert rig.base.state == ArmState.SERVOING_READY


def test_a_pressed_emergency_stop_cannot_be_cleared() -> None:
    rig = Rig()
    rig.base.move(1, ALL)
    rig.wait(300)
    rig.base.set_troubles(Troubles(emergency_stop=True))
    rig.wait(300)
    assert rig.base.arm.standing
    assert refused(rig.base.clear_faults) == SubError.ROBOT_IN_EMERGENCY_STOP
    rig.base.set_troubles(Troubles())
    assert refused(lambda: rig.base.move(1, ALL)) == SubError.ROBOT_IN_EMERGENCY_STOP
    rig.base.clear_faults()
    rig.base.move(1, ALL)


def test_a_deaf_base_obeys_the_second_emergency_stop() -> None:
    rig = Rig(Troubles(deaf_emergency_stop=True))
    rig.base.emergency_stop()
    assert rig.base.state == ArmState.SERVOING_READY
    rig.base.emergency_stop()
    assert rig.base.state == ArmState.IN_FAULT


def test_in_the_wrong_mode_speeds_are_refused_whatever_mode_is_asked_for() -> None:
    rig = Rig(Troubles(wrong_mode=True))
    rig.base.set_servoing_mode(ServoingMode.SINGLE_LEVEL)
    assert rig.base.state == ArmState.SERVOING_LOW_LEVEL
    assert refused(lambda: rig.base.move(1, ALL)) == SubError.WRONG_SERVOING_MODE
    rig.base.set_troubles(Troubles())
    rig.base.set_servoing_mode(ServoingMode.SINGLE_LEVEL)
    rig.base.move(1, ALL)


def test_another_servoing_mode_ends_the_motion() -> None:
    rig = Rig()
    rig.base.move(1, ALL)
    rig.wait(200)
    rig.base.set_servoing_mode(ServoingMode.LOW_LEVEL)
    rig.wait(300)
    assert rig.base.arm.standing
    assert [topic for topic, _ in rig.events].count(functions.SERVOING_MODE_TOPIC.uid) == 1
    assert refused(lambda: rig.base.set_servoing_mode(99)) == SubError.INVALID_PARAM


@pytest.mark.parametrize("count", [6, 8])
def test_a_wrong_number_of_actuators_is_what_the_base_insists_on(count: int) -> None:
    rig = Rig(Troubles(actuator_count=count))
    assert rig.base.actuator_count == count
    assert refused(lambda: rig.base.move(1, ALL)) == SubError.CONTROL_ACTUATOR_COUNT_MISMATCH
    rig.base.move(1, [(joint, 5.0) for joint in range(count)])


def test_a_long_pause_of_the_process_is_skipped() -> None:
    rig = Rig()
    rig.base.move(1, ALL)
    before = rig.base.arm.read().position[0]
    rig.wait(3_600_000)
    assert 0.0 < rig.base.arm.read().position[0] - before < np.deg2rad(20) * 2.1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("maximum_current", (0x2000, -1)), ("2:MAXIMUM_TORQUE", (0x20, 2)), ("6:WATCHDOG_TRIGGERED", (0x800000, 6))],
)
def test_faults_are_named(text: str, expected: tuple[int, int]) -> None:
    assert fault_bit(text, 7) == expected


@pytest.mark.parametrize(
    ("text", "problem"), [("oops", "no fault 'oops'"), ("7:MAXIMUM_TORQUE", "no actuator '7'"), ("MAXIMUM_TORQUE", "no fault")]
)
def test_unknown_faults_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        fault_bit(text, 7)


@pytest.mark.parametrize(("shape", "dimensions"), [("cone", (1.0,)), ("sphere", (1.0, 2.0)), ("box", (1.0,))])
def test_a_zone_of_no_known_shape_is_refused(shape: str, dimensions: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match=f"got a {shape}"):
        ProtectionZone("zone", shape, (0.0, 0.0, 0.0), dimensions)
