"""Notices on a steady clock that an input has stopped coming, and does not blame it for what the watcher itself slept through."""

from __future__ import annotations

from jaco_core.units import seconds_to_ns


class Watchdog:
    """Expired until fed, and again before the last feeding is `timeout` [s] old.

    It is asked once per `period` [s] and bites at the last time before the bound, not at the first after it. When it is asked
    much later, its owner did not run, and what came meanwhile may wait unread: then it lets one more period pass, once per
    feeding and not any more once it has bitten.
    """

    def __init__(self, timeout: float, period: float) -> None:
        self._timeout_ns, self._period_ns = seconds_to_ns(timeout), seconds_to_ns(period)
        self._fed_ns: int | None = None
        self._asked_ns: int | None = None
        self._excused = False

    def feed(self, now_ns: int) -> None:
        """A good input came at `now_ns` on the steady clock."""
        self._fed_ns, self._excused = now_ns, False

    def starve(self) -> None:
        """Forgets the last input: expired at once."""
        self._fed_ns = None

    def expired(self, now_ns: int) -> bool:
        """Tells whether at `now_ns` the last input is too old to go on with until the next time."""
        asked_ns, self._asked_ns = self._asked_ns, now_ns
        if self._fed_ns is None:
            return True
        if now_ns + self._period_ns - self._fed_ns <= self._timeout_ns:
            return False
        overslept = asked_ns is not None and now_ns - asked_ns > 2 * self._period_ns
        excused, self._excused = self._excused, True
        return excused or not overslept
