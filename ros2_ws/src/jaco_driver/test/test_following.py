"""The check that the arm does as it is told, over lags, ramps and reversals that are none of its business."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_driver.following import FollowingCheck

ARM = load_arm("j2n6s300")
TICK_NS = 10_000_000


def verdicts(told: Callable[[float], float], moves: Callable[[float], float], joint: int = 1, seconds: float = 4.0) -> list[str]:
    """Returns what the check says at every tick of a joint that is told a speed and moves at another [rad/s], by time [s]."""
    check, position, said = FollowingCheck(ARM), ARM.home.copy(), []
    for tick in range(round(seconds / 0.01)):
        velocity = np.zeros(len(ARM))
        velocity[joint] = told(tick * 0.01)
        check.command(velocity, tick * TICK_NS)
        position = position.copy()
        position[joint] += 0.01 * moves(tick * 0.01)
        said.append(check.measure(position, (tick + 1) * TICK_NS))
    return said


def square(time: float) -> float:
    return 0.6 if int(time / 0.7) % 2 else -0.6


@pytest.mark.parametrize("lag", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("told", [lambda time: 0.6, square, lambda time: 0.6 * np.sin(3.0 * time)])
def test_arm_that_follows_late_is_left_alone(lag: float, told: Callable[[float], float]) -> None:
    assert not any(verdicts(told, lambda time: told(time - lag) if time > lag else 0.0))


@pytest.mark.parametrize("speed", [0.2, 0.6])
def test_arm_that_stands_is_noticed_within_a_second(speed: float) -> None:
    said = verdicts(lambda time: speed, lambda time: 0.0)
    first = next(index for index, text in enumerate(said) if text)
    assert first <= 100
    assert "does not follow: joint_2 was to move" in said[first]


@pytest.mark.parametrize("speed", [0.04, 0.1, 0.15])
def test_arm_that_stands_is_noticed_though_it_is_told_to_move_slowly(speed: float) -> None:
    said = verdicts(lambda time: speed, lambda time: 0.0, seconds=6.0)
    first = next(index for index, text in enumerate(said) if text)
    assert 100 < first <= 350 and "in 3.0 s and moved 0.000" in said[first]


@pytest.mark.parametrize("share", [0.8, 1.2])
@pytest.mark.parametrize("lag", [0.0, 0.15, 0.25])
def test_slow_arm_that_follows_late_and_not_quite_is_left_alone(lag: float, share: float) -> None:
    def told(time: float) -> float:
        return 0.1 if int(time / 2.3) % 2 else -0.05

    assert not any(verdicts(told, lambda time: share * told(time - lag) if time > lag else 0.0, seconds=20.0))


def test_arm_that_creeps_by_itself_is_noticed() -> None:
    assert "joint_2 was to move 0.000 rad in 3.0 s" in next(filter(None, verdicts(lambda time: 0.0, lambda time: 0.03)))


def test_arm_that_moves_by_itself_is_noticed() -> None:
    assert "joint_2 was to move 0.000 rad" in next(filter(None, verdicts(lambda time: 0.0, lambda time: 0.3)))


def test_arm_that_moves_the_other_way_is_noticed() -> None:
    assert any(verdicts(lambda time: 0.3, lambda time: -0.3))


def test_finger_that_holds_something_is_left_alone() -> None:
    assert not any(verdicts(lambda time: 0.5, lambda time: 0.0, joint=6))


def test_driver_that_was_frozen_does_not_blame_the_arm() -> None:
    check, moving = FollowingCheck(ARM), np.zeros(len(ARM))
    moving[1] = 0.5
    position = ARM.home.copy()
    for tick in range(400):
        # Frozen for a second after two; the arm was stopped meanwhile.
        now_ns = tick * TICK_NS + (100 * TICK_NS if tick >= 200 else 0)
        check.command(moving, now_ns)
        position = position + 0.01 * moving
        assert not check.measure(position, now_ns + TICK_NS // 2)


def test_begin_forgets() -> None:
    check = FollowingCheck(ARM)
    for tick in range(200):
        check.command(np.full(len(ARM), 0.5), tick * TICK_NS)
        check.measure(ARM.home, tick * TICK_NS)
    assert check.measure(ARM.home, 200 * TICK_NS)
    check.begin()
    assert not check.measure(ARM.home, 201 * TICK_NS)
