"""Freshness by source stamp and by local receipt, to the nanosecond."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_safety.freshness import Freshness, clock_jump
from jaco_safety.reasons import Reason

SECOND = 1_000_000_000


@pytest.fixture
def fresh() -> Freshness:
    return Freshness(Reason.STALE_IMAGES, "image", 0.35, 0.2)


def test_stamp_is_fresh_up_to_its_bound_and_stale_beyond(fresh: Freshness) -> None:
    fresh.note(10 * SECOND, 0)
    assert fresh.by_stamp(10 * SECOND + 350_000_000) is None
    evidence = fresh.by_stamp(10 * SECOND + 350_000_001)
    assert evidence is not None and evidence.reason is Reason.STALE_IMAGES
    assert (evidence.subject, evidence.bound, evidence.unit) == ("image", 0.35, "s")
    assert evidence.value == pytest.approx(0.350000001)


def test_receipt_is_judged_on_the_local_clock(fresh: Freshness) -> None:
    fresh.note(10 * SECOND, 5 * SECOND)
    assert fresh.by_receipt(5 * SECOND + 200_000_000) is None
    assert fresh.by_receipt(5 * SECOND + 200_000_001) is not None
    assert fresh.judge(10 * SECOND, 5 * SECOND) is None
    assert fresh.judge(11 * SECOND, 5 * SECOND) is not None
    assert fresh.judge(10 * SECOND, 6 * SECOND) is not None


def test_the_same_stamp_again_is_no_news(fresh: Freshness) -> None:
    for late in range(10):
        fresh.note(10 * SECOND, late * SECOND // 10)
    assert fresh.by_receipt(SECOND) is not None


def test_an_older_stamp_is_no_news(fresh: Freshness) -> None:
    fresh.note(10 * SECOND, 0)
    fresh.note(9 * SECOND, SECOND)
    assert fresh.by_receipt(SECOND) is not None
    assert fresh.by_stamp(10 * SECOND) is None


def test_nothing_is_said_before_the_first(fresh: Freshness) -> None:
    assert not fresh.seen
    assert fresh.judge(10 * SECOND, 10 * SECOND) is None
    fresh.note(1, 1)
    fresh.forget()
    assert not fresh.seen


def test_stamp_that_is_not_judged(fresh: Freshness) -> None:
    unbounded = Freshness(Reason.STALE_JOINTS, "joint state", np.inf, 0.2)
    unbounded.note(0, 0)
    assert unbounded.by_stamp(10**18) is None


def test_clock_jump_is_what_stamps_gain_on_the_local_clock() -> None:
    assert clock_jump(SECOND, SECOND, 0.25) is None
    assert clock_jump(250_000_000, 0, 0.25) is None
    evidence = clock_jump(2 * SECOND, SECOND, 0.25)
    assert evidence is not None and evidence.reason is Reason.CLOCK_JUMPED and evidence.value == pytest.approx(1.0)
    assert clock_jump(10_000_000, SECOND, 0.25) is None, "a late joint state is no jump"
