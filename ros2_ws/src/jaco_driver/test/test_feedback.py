"""Joint states of other people's drivers: ordered, unwrapped, finite, recent, or an error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.types import JointSample
from jaco_driver.feedback import JointFeedback
from jaco_driver.port import ConnectionLost

ARM = load_arm("gen3")
MS = 1_000_000
NAN = float("nan")


def sample(stamp_ms: int, angle: float = 0.5, speed: float = 0.1, **changes: Any) -> JointSample:
    count = len(ARM)
    plain = JointSample(stamp_ms * MS, ARM.joint_names, np.full(count, angle), np.full(count, speed), np.full(count, 2.0))
    return replace(plain, **changes)


@pytest.fixture
def feedback() -> JointFeedback:
    return JointFeedback(ARM, ARM.joint_names, 0.1)


def test_silence_is_an_error_from_the_start_and_after_the_timeout(feedback: JointFeedback) -> None:
    with pytest.raises(ConnectionLost, match="no usable joint state yet"):
        feedback.newest(0)
    feedback.take(sample(1), 1000 * MS)
    assert feedback.newest(1100 * MS).position[0] == 0.5
    with pytest.raises(ConnectionLost, match=r"no usable joint state for 0\.11 s"):
        feedback.newest(1110 * MS)


def test_joints_come_in_the_arms_order_by_the_drivers_names() -> None:
    feedback = JointFeedback(ARM, tuple(f"left_{name}" for name in ARM.joint_names), 0.1)
    names = ("spindle", *(f"left_{name}" for name in reversed(ARM.joint_names)))
    angles = np.arange(9.0)
    feedback.take(JointSample(1, names, angles, np.zeros(9)), 0)
    assert feedback.newest(0).position.tolist() == [8, 7, 6, 5, 4, 3, 2, 1]


def test_names_of_another_arm_are_told_once_silence_is_too_long(feedback: JointFeedback) -> None:
    feedback.take(sample(1), 0)
    feedback.take(sample(2, names=tuple(f"other_{name}" for name in ARM.joint_names)), 50 * MS)
    assert feedback.newest(60 * MS).position[0] == 0.5
    with pytest.raises(ConnectionLost, match=r"names other_joint_1, .* lacks joint_1"):
        feedback.newest(101 * MS)


@pytest.mark.parametrize("bad", [NAN, np.inf])
def test_position_that_is_not_finite_is_an_error_at_once_even_when_a_good_one_follows(
    feedback: JointFeedback, bad: float
) -> None:
    feedback.take(sample(1), 0)
    position = np.full(len(ARM), 0.5)
    position[2] = bad
    feedback.take(sample(2, position=position), 10 * MS)
    feedback.take(sample(3), 20 * MS)
    with pytest.raises(ConnectionLost, match="position of joint_3 that is not finite"):
        feedback.newest(20 * MS)
    assert feedback.newest(20 * MS).position[2] == 0.5


def test_speed_in_another_unit_is_an_error(feedback: JointFeedback) -> None:
    feedback.take(sample(1, speed=40.0), 0)
    with pytest.raises(ConnectionLost, match=r"reports 40 rad/s of joint_1, whose limit is 0\.873"):
        feedback.newest(0)


def test_speed_that_goes_missing_is_an_error_and_one_that_never_was_is_computed(feedback: JointFeedback) -> None:
    feedback.take(sample(1), 0)
    feedback.take(sample(2, speed=NAN), 10 * MS)
    with pytest.raises(ConnectionLost, match="reports nan rad/s"):
        feedback.newest(10 * MS)
    other = JointFeedback(ARM, ARM.joint_names, 0.1)
    for tick in range(20):
        other.take(sample(tick + 1, angle=0.2 * 0.01 * tick, speed=NAN), tick * 10 * MS)
    assert np.allclose(other.newest(190 * MS).velocity, 0.2)


def test_repeated_or_reversed_stamps_are_silence(feedback: JointFeedback) -> None:
    feedback.take(sample(5), 0)
    for tick in range(1, 20):
        feedback.take(sample(5 if tick % 2 else 4), tick * 10 * MS)
    with pytest.raises(ConnectionLost, match="stamps of its joint states do not advance"):
        feedback.newest(190 * MS)
    feedback.restart()
    feedback.take(sample(1), 200 * MS)
    assert feedback.newest(200 * MS).position[0] == 0.5


def test_continuous_joints_are_unwrapped_and_the_others_are_not(feedback: JointFeedback) -> None:
    angles = np.array([3.1, 0.0, -3.1, 0.0, 0.0, 0.0, 0.0, 0.0])
    feedback.take(sample(1, position=angles), 0)
    feedback.take(sample(2, position=np.array([-3.1, 2.0, 3.1, 0.0, 0.0, 0.0, 0.0, 0.0])), 10 * MS)
    assert np.allclose(feedback.newest(10 * MS).position, [2 * np.pi - 3.1, 2.0, 3.1 - 2 * np.pi, 0.0, 0.0, 0.0, 0.0, 0.0])


def test_efforts_that_are_no_torques_are_left_out() -> None:
    feedback = JointFeedback(ARM, ARM.joint_names, 0.1, torques=False)
    feedback.take(sample(1), 0)
    assert not len(feedback.newest(0).effort)


def test_efforts_are_given_only_where_all_are_known(feedback: JointFeedback) -> None:
    feedback.take(sample(1), 0)
    assert np.array_equal(feedback.newest(0).effort, np.full(len(ARM), 2.0))
    feedback.take(sample(2, effort=np.full(len(ARM), NAN)), 0)
    assert not len(feedback.newest(0).effort)
