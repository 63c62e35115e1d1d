"""Notices on a steady clock that velocity commands have stopped coming."""

from __future__ import annotations

from jaco_core.units import seconds_to_ns


class CommandWatchdog:
    """Expired until fed, and again `timeout` [s] after the last feeding."""

    def __init__(self, timeout: float) -> None:
        self._timeout_ns = seconds_to_ns(timeout)
        self._fed_ns: int | None = None

    def feed(self, now_ns: int) -> None:
        """A good command came in at `now_ns` on the steady clock."""
        self._fed_ns = now_ns

    def starve(self) -> None:
        """Forgets the last command: expired at once."""
        self._fed_ns = None

    def expired(self, now_ns: int) -> bool:
        """Tells whether at `now_ns` the last command is too old to go on with."""
        return self._fed_ns is None or now_ns - self._fed_ns > self._timeout_ns
