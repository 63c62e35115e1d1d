"""The command watchdog on its steady clock."""

from __future__ import annotations

from jaco_driver.watchdog import CommandWatchdog

MS = 1_000_000


def test_expired_until_fed_and_again_after_its_timeout() -> None:
    watchdog = CommandWatchdog(0.15)
    assert watchdog.expired(0)
    watchdog.feed(1000 * MS)
    assert not watchdog.expired(1150 * MS)
    assert watchdog.expired(1151 * MS)
    watchdog.feed(1200 * MS)
    assert not watchdog.expired(1300 * MS)
    watchdog.starve()
    assert watchdog.expired(1300 * MS)
