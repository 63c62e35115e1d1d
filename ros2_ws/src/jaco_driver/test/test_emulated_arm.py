from __future__ import annotations

import mujoco
import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.kinematics import Kinematics, arm_spec
from jaco_core.models.robotiq_2f_85 import FULL_SPEED
from jaco_driver.emulator.arm import STEP_S, EmulatedArm
from jaco_driver.emulator.feedback import unsigned_degrees
from jaco_driver.emulator.gripper import EmulatedGripper
from jaco_driver.kortex_wire.codes import GripperMode

ARM = load_arm("gen3")


def advance(arm: EmulatedArm, seconds: float) -> None:
    for _ in range(round(seconds / STEP_S)):
        arm.step()


def test_it_reaches_the_speed_and_keeps_it() -> None:
    arm = EmulatedArm(ARM)
    speed = np.deg2rad([20.0, -10.0, 30.0, 5.0, -40.0, 10.0, 50.0])
    arm.move(speed)
    before = arm.read().position
    advance(arm, 0.5)
    assert np.allclose(arm.read().velocity[:7], speed, atol=0.01)
    assert np.allclose((arm.read().position - before)[:7], 0.5 * speed, atol=0.08)
    assert not arm.standing


def test_it_brakes_with_its_own_deceleration_and_then_holds() -> None:
    arm = EmulatedArm(ARM)
    arm.move(np.full(7, 0.8))
    advance(arm, 0.4)
    arm.brake()
    advance(arm, 0.05)
    # 0.8 rad/s at 5.2 rad/s^2 take 154 ms.
    assert np.all(np.abs((arm.read().velocity - (0.8 - 0.05 * ARM.max_acceleration))[:7]) < 0.05)
    advance(arm, 0.2)
    assert arm.standing
    held = arm.read().position
    advance(arm, 0.5)
    assert np.allclose(arm.read().position, held, atol=1e-3)


def test_speeds_are_held_to_the_hard_limits() -> None:
    arm = EmulatedArm(ARM)
    arm.move(np.full(7, 9.0))
    advance(arm, 0.4)
    assert np.allclose(np.rad2deg(arm.max_speed), [80, 80, 80, 80, 70, 70, 70])
    assert np.all(arm.read().velocity[:7] < arm.max_speed + 0.01) and arm.read().velocity[0] > 1.3


@pytest.mark.parametrize("direction", [-1.0, 1.0])
def test_it_stops_by_itself_before_a_position_limit(direction: float) -> None:
    arm = EmulatedArm(ARM)
    arm.place(np.zeros(8))
    # Joint 6 has room around zero on both sides, and nothing in its way.
    arm.move(np.array([0, 0, 0, 0, 0, direction, 0]))
    advance(arm, 3.0)
    position = arm.read().position[5]
    assert 2.0 < direction * position <= ARM.upper[5] + 1e-3
    assert abs(arm.read().velocity[5]) < 0.01


def test_the_tool_is_where_the_kinematics_say_and_moves_as_its_position_does() -> None:
    arm = EmulatedArm(ARM)
    arm.move(np.full(7, 0.3))
    advance(arm, 0.3)
    first = arm.read()
    arm.step()
    second = arm.read()
    kinematics = Kinematics(ARM)
    kinematics.update(second.position)
    # MuJoCo's step leaves the sites where its start found them.
    assert np.allclose(kinematics.position("palm"), second.tool_position, atol=1e-3)
    assert np.allclose((second.tool_position - first.tool_position) / STEP_S, second.tool_velocity, atol=0.01)


def test_what_it_touches_is_a_wrench_on_the_tool() -> None:
    spec = arm_spec(ARM)
    spec.worldbody.add_geom(name="table", type=mujoco.mjtGeom.mjGEOM_BOX, size=(1, 1, 0.02), pos=(0.45, 0, -0.02))
    arm = EmulatedArm(ARM, spec.compile())
    assert not arm.read().wrench.any()
    # Shoulder forwards: the hand comes down upon the table.
    arm.move(np.array([0, 0.5, 0, 0, 0, 0, 0]))
    for _ in range(2000):
        arm.step()
        if arm.read().wrench[2] > 5.0:
            break
    assert arm.read().wrench[2] > 5.0
    assert abs(arm.read().wrench[1]) < arm.read().wrench[2]


def test_the_gripper_is_seen_where_its_motor_has_it() -> None:
    arm = EmulatedArm(ARM)
    assert arm.closed == pytest.approx(0.5)
    arm.hold_gripper(0.25, 0.0)
    assert arm.read().position[7] == pytest.approx(0.2) and arm.closed == pytest.approx(0.25)
    assert arm.read().configuration[8:] == pytest.approx([-0.2, 0.2, -0.2])


def test_the_gripper_goes_to_a_position_and_at_a_speed_until_stopped() -> None:
    gripper = EmulatedGripper()
    assert gripper.command(GripperMode.POSITION, 0.5)
    for _ in range(200):
        gripper.step(0.01)
    assert gripper.position == 0.5 and gripper.velocity == 0.0
    assert gripper.command(GripperMode.SPEED, 1.0)
    gripper.step(0.01)
    assert gripper.position == pytest.approx(0.5 - 0.01 * FULL_SPEED)
    gripper.stop()
    gripper.step(0.01)
    assert gripper.velocity == 0.0
    assert not gripper.command(GripperMode.POSITION, 1.1) and not gripper.command(GripperMode.FORCE, 0.0)


@pytest.mark.parametrize(("angle", "degrees"), [(-1e-12, 0.0), (-1e-6, 360.0 - 6e-5), (2 * np.pi, 0.0), (-np.pi / 2, 270.0)])
def test_angles_are_reported_from_0_to_360_without_360(angle: float, degrees: float) -> None:
    assert unsigned_degrees(angle) == pytest.approx(degrees, abs=4e-5) and unsigned_degrees(angle) < 360.0


@pytest.mark.parametrize("speed", [0.873, 9.0])
def test_it_stands_within_300_ms_from_the_advised_speed_and_from_the_hard_limits(speed: float) -> None:
    arm = EmulatedArm(ARM)
    arm.move(np.full(7, speed))
    advance(arm, 0.5)
    arm.brake()
    advance(arm, 0.3)
    assert arm.standing
