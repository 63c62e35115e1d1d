"""How far an excitation has come: only time in which the arm may move counts."""

from __future__ import annotations


class Progress:
    """Adds up the time between observations while motion is allowed. `moved_ns`: how much it is [ns]."""

    def __init__(self, total_ns: int) -> None:
        """`total_ns`: when it is finished [ns]."""
        self._total_ns = total_ns
        self._last_ns: int | None = None
        self._allowed = True
        self.moved_ns = 0

    @property
    def finished(self) -> bool:
        """Tells whether all of the time is over."""
        return self.moved_ns >= self._total_ns

    def allow(self, allowed: bool) -> None:
        """The arm may move from now on, or may not."""
        self._allowed = allowed

    def advance(self, stamp_ns: int) -> bool:
        """Takes the observation of `stamp_ns`; tells whether there is motion to propose for it."""
        if self._allowed and self._last_ns is not None and not self.finished:
            self.moved_ns += max(0, stamp_ns - self._last_ns)
        self._last_ns = stamp_ns
        return self._allowed and not self.finished
