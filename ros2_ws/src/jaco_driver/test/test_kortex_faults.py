"""Fault banks, refusals and states in words."""

from __future__ import annotations

import pytest

from jaco_driver.kortex.faults import decode_bits, fault_sentence, refusal_words, state_words

READY, IN_FAULT = 7, 4
QUIET = [(0, 0)] * 7


def test_nothing_is_wrong_with_a_quiet_arm() -> None:
    assert fault_sentence(READY, (0, 0), QUIET) == ""


@pytest.mark.parametrize(
    ("bank", "words"),
    [(1 << 23, "the emergency stop is pressed"), (1 << 24, "the emergency line is active"), (1 << 13, "the current is too high")],
)
def test_base_fault_is_named(bank: int, words: str) -> None:
    assert fault_sentence(IN_FAULT, (bank, 0), QUIET) == f"The arm is in fault: {words}."


def test_actuator_fault_is_named_with_its_joint_and_every_bit_counts() -> None:
    banks = [(0, 0), (1 << 5 | 1 << 17, 0), *QUIET[2:]]
    sentence = fault_sentence(READY, (0, 0), banks)
    assert sentence == "The arm is in fault: joint 2: its torque is too high; joint 2: its motor is too hot."


def test_fault_without_a_word_for_it_is_still_a_fault() -> None:
    assert "bit 31" in fault_sentence(READY, (1 << 31, 0), QUIET)
    assert "fault B, bit 3" in fault_sentence(READY, (0, 0), [(0, 8), *QUIET[1:]])
    assert "does not say why" in fault_sentence(IN_FAULT, (0, 0), QUIET)
    assert decode_bits(0b101, ("a", "b", "c")) == ["a", "c"]


def test_refusals_and_states_have_words() -> None:
    assert refusal_words(130) == "another session controls the arm (code 130)"
    assert "code 999" in refusal_words(999)
    assert state_words(6) == "in low-level servoing, which another program has chosen"
    assert state_words(77) == "in state 77"
