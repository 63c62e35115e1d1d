"""What from outside forbids motion lasts until its source takes it back."""

from __future__ import annotations

import pytest

from jaco_safety.interlocks import InputKind, Interlocks
from jaco_safety.reasons import Reason, State


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (InputKind.DRIVER, Reason.DRIVER_FAULT),
        (InputKind.OPERATOR, Reason.OPERATOR_STOP),
        (InputKind.HARDWARE, Reason.HARDWARE_STOP),
    ],
)
def test_input_is_an_emergency_stop_until_it_is_taken_back(kind: InputKind, reason: Reason) -> None:
    interlocks = Interlocks()
    evidence = interlocks.set_input(kind, "button 3", True, "pressed.")
    assert evidence is not None and (evidence.reason, evidence.state) == (reason, State.EMERGENCY_STOP)
    assert "button 3: pressed." in evidence.sentence
    assert interlocks.lasting is evidence
    assert interlocks.set_input(kind, "another button", False, "") is None
    assert interlocks.lasting is evidence
    assert interlocks.set_input(kind, "button 3", False, "") is None
    assert interlocks.lasting is None


def test_second_publisher_is_named() -> None:
    interlocks = Interlocks()
    assert interlocks.set_publishers("/arm/command", ["supervisor"]) is None
    evidence = interlocks.set_publishers("/arm/command", ["supervisor", "rogue"])
    assert evidence is not None and evidence.state is State.PROTECTIVE_STOP
    assert evidence.sentence == "2 nodes publish /arm/command (rogue, supervisor); at most 1 may."
    assert interlocks.set_publishers("/policy/command", ["policy"]) is None
    assert interlocks.lasting is evidence
    interlocks.set_publishers("/arm/command", ["supervisor"])
    assert interlocks.lasting is None


def test_the_gravest_cause_is_shown() -> None:
    interlocks = Interlocks()
    interlocks.set_publishers("/arm/command", ["a", "b"])
    interlocks.set_input(InputKind.HARDWARE, "button", True, "")
    lasting = interlocks.lasting
    assert lasting is not None and lasting.reason is Reason.HARDWARE_STOP
