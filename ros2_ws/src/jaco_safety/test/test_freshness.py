"""Ages by source stamp, silence by local receipt."""

from __future__ import annotations

from jaco_safety.freshness import Receipt, stale_command
from jaco_safety.reasons import Reason

SECOND = 1_000_000_000


def test_command_is_stale_only_beyond_its_bound() -> None:
    assert stale_command(SECOND, SECOND + 350_000_000, 0.35) is None
    evidence = stale_command(SECOND, SECOND + 350_000_001, 0.35)
    assert evidence is not None
    assert evidence.reason is Reason.STALE_COMMAND
    assert evidence.bound == 0.35


def test_silence_starts_with_the_first_receipt() -> None:
    receipt = Receipt(0.2)
    assert receipt.silence(100 * SECOND) is None
    receipt.note(100 * SECOND)
    assert receipt.silence(100 * SECOND + 200_000_000) is None
    evidence = receipt.silence(100 * SECOND + 250_000_000)
    assert evidence is not None
    assert (evidence.reason, evidence.value) == (Reason.STALE_JOINTS, 0.25)
    receipt.note(101 * SECOND)
    assert receipt.silence(101 * SECOND) is None
