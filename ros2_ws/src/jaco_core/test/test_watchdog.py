"""The watchdog on its steady clock."""

from __future__ import annotations

import pytest

from jaco_core.watchdog import Watchdog

MS = 1_000_000


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog(0.15, 0.01)


def ask(watchdog: Watchdog, begin_ms: int, end_ms: int) -> list[int]:
    """Returns the times [ms], one per period, at which it was expired."""
    return [now for now in range(begin_ms, end_ms + 1, 10) if watchdog.expired(now * MS)]


def test_expired_until_fed(watchdog: Watchdog) -> None:
    assert watchdog.expired(0)
    watchdog.feed(5 * MS)
    assert not watchdog.expired(10 * MS)
    watchdog.starve()
    assert watchdog.expired(20 * MS)


def test_it_bites_at_the_last_time_before_the_bound(watchdog: Watchdog) -> None:
    watchdog.feed(1003 * MS)
    assert ask(watchdog, 1010, 1170)[0] == 1150
    watchdog.feed(1200 * MS)
    assert ask(watchdog, 1200, 1340) == []


def test_an_owner_that_overslept_reads_first(watchdog: Watchdog) -> None:
    watchdog.feed(1000 * MS)
    assert not watchdog.expired(1010 * MS)
    assert not watchdog.expired(1400 * MS)
    watchdog.feed(1402 * MS)
    assert not watchdog.expired(1410 * MS)


def test_silence_that_lasted_all_the_same_is_silence(watchdog: Watchdog) -> None:
    watchdog.feed(1000 * MS)
    assert not watchdog.expired(1010 * MS)
    assert not watchdog.expired(1400 * MS)
    assert watchdog.expired(1410 * MS)


def test_an_owner_that_always_oversleeps_is_excused_once(watchdog: Watchdog) -> None:
    watchdog.feed(1000 * MS)
    assert not watchdog.expired(1010 * MS)
    assert [watchdog.expired(now * MS) for now in (1300, 1600, 1900)] == [False, True, True]


def test_what_has_bitten_is_not_taken_back_by_a_pause(watchdog: Watchdog) -> None:
    watchdog.feed(1000 * MS)
    assert ask(watchdog, 1010, 1200)[0] == 1150
    assert watchdog.expired(1600 * MS)
    watchdog.feed(1605 * MS)
    assert not watchdog.expired(1610 * MS)
