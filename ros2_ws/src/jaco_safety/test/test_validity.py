"""What is not an input for this arm is named."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.types import JointSample, VelocityCommand
from jaco_safety.reasons import Reason
from jaco_safety.validity import check_command, check_joints

NAMES = ("a", "b")
NAN, INF = float("nan"), float("inf")


def command(velocity: tuple[float, ...] = (0.1, 0.2), names: tuple[str, ...] = NAMES) -> VelocityCommand:
    return VelocityCommand(0, names, np.array(velocity))


@pytest.mark.parametrize(
    ("bad", "reason", "subject"),
    [
        (command(velocity=(0.1, float("nan"))), Reason.COMMAND_NOT_FINITE, "b"),
        (command(velocity=(float("-inf"), 0.0)), Reason.COMMAND_NOT_FINITE, "a"),
        (command(velocity=(0.1,)), Reason.COMMAND_LENGTH, "policy command"),
        (command(velocity=(), names=()), Reason.COMMAND_LENGTH, "policy command"),
        (command(names=("b", "a")), Reason.COMMAND_NAMES, "b, a"),
    ],
)
def test_bad_command_is_named(bad: VelocityCommand, reason: Reason, subject: str) -> None:
    evidence = check_command(bad, NAMES)
    assert evidence is not None
    assert (evidence.reason, evidence.subject) == (reason, subject)


def test_good_command_is_accepted() -> None:
    assert check_command(command(), NAMES) is None


@pytest.mark.parametrize(
    ("position", "velocity", "subject"),
    [
        ((NAN, 0.0), (0.0, 0.0), "position of a"),
        ((0.0, -INF), (0.0, 0.0), "position of b"),
        ((0.0, 0.0), (0.0, NAN), "velocity of b"),
    ],
)
def test_bad_measurement_is_named(position: tuple[float, float], velocity: tuple[float, float], subject: str) -> None:
    evidence = check_joints(JointSample(0, NAMES, np.array(position), np.array(velocity)))
    assert evidence is not None
    assert (evidence.reason, evidence.subject) == (Reason.JOINTS_NOT_FINITE, subject)


def test_effort_is_not_judged() -> None:
    assert check_joints(JointSample(0, NAMES, np.zeros(2), np.zeros(2), np.array([NAN, NAN]))) is None
