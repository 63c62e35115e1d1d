"""The latch keeps the first cause, gives way only to a graver one, and waits for its cooldown."""

from __future__ import annotations

from jaco_safety.latch import Latch
from jaco_safety.reasons import Evidence, Reason

FAULT, REQUEST = Evidence(Reason.STALE_JOINTS), Evidence(Reason.STOP_REQUEST)


def test_first_cause_stays_and_a_graver_one_replaces_it() -> None:
    latch = Latch(0.5)
    latch.set(FAULT, 0)
    latch.set(Evidence(Reason.TIME_REVERSED), 1)
    assert latch.evidence is FAULT
    latch.set(REQUEST, 2)
    latch.set(FAULT, 3)
    assert latch.evidence is REQUEST
    latch.clear()
    assert latch.evidence is None


def test_cause_is_told_better_once_more_is_known_of_it_and_no_other_takes_its_place() -> None:
    latch = Latch(0.5)
    unnamed, named = (Evidence(Reason.DRIVER_FAULT, f"sim: {who} commands the arm.") for who in ("somebody", "rival"))
    latch.amend(None, named)
    assert latch.evidence is None
    latch.set(unnamed, 0)
    latch.amend(Evidence(Reason.DRIVER_FAULT, "another: broken."), Evidence(Reason.DRIVER_FAULT, "another: still broken."))
    assert latch.evidence is unnamed
    latch.amend(unnamed, named)
    assert latch.evidence is named and latch.refusal(100_000_000) is not None


def test_cooldown_counts_from_the_stop_and_survives_time_starting_anew() -> None:
    latch = Latch(0.5)
    latch.set(FAULT, 10_000_000_000)
    latch.set(FAULT, 10_400_000_000)
    assert "0.40 s old" in (latch.refusal(10_400_000_000) or "")
    assert latch.refusal(10_500_000_000) is None
    assert latch.refusal(1_000_000_000) is None
