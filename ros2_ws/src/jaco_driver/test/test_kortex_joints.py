"""Units, turns and the gripper between the vendor's actuators and the arm's joints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.limits import stricter_speeds


def test_velocities_become_degrees_in_order() -> None:
    speeds = JointMap(load_arm("gen3")).speeds_deg(np.array([*np.radians([1.0, -2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), 0.0]))
    assert np.allclose(speeds, [1.0, -2.0, 3.0, 4.0, 5.0, 6.0, 7.0])


def test_angles_of_limited_joints_lie_around_zero() -> None:
    position = JointMap(load_arm("gen3")).positions(np.array([0.0, 350.0, 0.0, 10.0, 0.0, 240.0, 0.0]), 0.0)
    assert np.allclose(np.degrees(position[:7]), [0.0, -10.0, 0.0, 10.0, 0.0, -120.0, 0.0])


def test_continuous_joints_go_on_over_the_seam_both_ways_and_for_turns() -> None:
    joints = JointMap(load_arm("gen3"))
    for true in np.arange(0.0, 800.0, 40.0):
        position = joints.positions(np.array([true % 360.0, 0.0, -true % 360.0, 0.0, 0.0, 0.0, 0.0]), 0.0)
        assert np.allclose(np.degrees(position[[0, 2]]), [true, -true])


def test_gripper_is_open_at_its_lower_limit_and_a_positive_velocity_closes_it() -> None:
    joints = JointMap(load_arm("gen3"))
    assert joints.positions(np.zeros(7), 0.25)[-1] == pytest.approx(0.2)
    assert joints.velocities(np.zeros(7), 0.5)[-1] == pytest.approx(0.4)
    joints.positions(np.zeros(7), 0.2)
    assert joints.velocities(np.zeros(7), 0.5)[-1] == pytest.approx(-0.4)
    # Robotiq: 85 mm at up to 150 mm/s, here 0.8 rad.
    assert joints.gripper_speed(np.array([0.0] * 7 + [0.8])) == pytest.approx(-85.0 / 150.0)
    assert joints.gripper_speed(np.array([0.0] * 7 + [-9.0])) == 1.0
    assert len(joints.efforts(np.ones(7))) == 8
    assert len(joints.speeds_deg(np.zeros(8))) == 7


def test_six_joints_do_too_and_no_gripper_has_no_speed() -> None:
    arm = load_arm("gen3")
    six = JointMap(replace(arm, joints=arm.joints[:6], home=arm.home[:6]))
    assert (six.count, six.has_gripper) == (6, False)
    assert six.gripper_speed(np.ones(6)) == 0.0


def test_jaco_gen2_is_refused() -> None:
    with pytest.raises(ContractError, match="does not speak Kortex"):
        JointMap(load_arm("j2n6s300"))


def test_stricter_of_both_speed_limits_counts_for_each_joint() -> None:
    arm = load_arm("gen3")
    limits = stricter_speeds(arm, 7, [10.0] + [80.0] * 6)
    assert limits[0] == pytest.approx(np.radians(10.0))
    assert np.allclose(limits[1:], arm.max_velocity[1:])


@pytest.mark.parametrize("bad", [[80.0] * 6, [80.0] * 6 + [0.0], [80.0] * 6 + [float("nan")]])
def test_limits_that_are_none_are_refused(bad: list[float]) -> None:
    with pytest.raises(ContractError, match="7 positive numbers"):
        stricter_speeds(load_arm("gen3"), 7, bad)
