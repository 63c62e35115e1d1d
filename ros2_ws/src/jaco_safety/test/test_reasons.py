"""Every reason has an outcome and a sentence, and only real stops latch."""

from __future__ import annotations

import pytest

from jaco_safety.reasons import OUTCOMES, PASSED, Evidence, Reason, State, Verdict

# Their values are whole numbers.
COUNTS = (Reason.COMMAND_LENGTH, Reason.SECOND_PUBLISHER)


def test_every_reason_has_an_outcome() -> None:
    assert set(OUTCOMES) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_sentence_holds_the_actual_values(reason: Reason) -> None:
    evidence = Evidence(reason, "subject", 3.25, 1.5, "rad/s")
    sentence = evidence.sentence
    assert sentence.endswith((".", "subject"))
    assert "{" not in sentence
    if "{bound" in OUTCOMES[reason].sentence and reason not in COUNTS:
        assert "1.5" in sentence and "3.25" in sentence


def test_value_just_past_its_bound_does_not_read_like_it() -> None:
    evidence = Evidence(Reason.STALE_COMMAND, "policy's command", 0.200300001, 0.2, "s")
    assert evidence.sentence == "The policy's command is 0.200300001 s old, at most 0.200000000 s is allowed: holding still."


@pytest.mark.parametrize("reason", Reason)
def test_only_stops_latch(reason: Reason) -> None:
    evidence = Evidence(reason)
    assert evidence.latches == (evidence.state in (State.PROTECTIVE_STOP, State.EMERGENCY_STOP))
    if evidence.latches:
        assert evidence.verdict is Verdict.STOP


def test_keys_are_those_of_the_status_message() -> None:
    assert PASSED.key == "pass"
    assert Evidence(Reason.ACCELERATION).key == "ramped:acceleration"
    assert Evidence(Reason.VELOCITY).key == "limited:velocity"
    assert Evidence(Reason.STALE_COMMAND).key == "stop:stale_command"
