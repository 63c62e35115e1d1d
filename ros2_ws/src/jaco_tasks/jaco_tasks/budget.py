"""How much may be played: episodes, minutes, or both. What is paused does not count."""

from __future__ import annotations

# A longer gap between two images is no time that was played.
_LONGEST_GAP_NS = 1_000_000_000


class Budget:
    """0 stands for no end. Time is that of the images' stamps."""

    def __init__(self, episodes: int, minutes: float) -> None:
        self._episodes, self._minutes = episodes, minutes
        self._last_ns: int | None = None
        self._played_ns = 0

    def note(self, stamp_ns: int, paused: bool) -> None:
        """An image of `stamp_ns` came."""
        if self._last_ns is not None and not paused:
            self._played_ns += min(max(0, stamp_ns - self._last_ns), _LONGEST_GAP_NS)
        self._last_ns = stamp_ns

    @property
    def minutes(self) -> float:
        """Played so far [min], with the resets in between."""
        return self._played_ns / 60e9

    def spent(self, episodes: int) -> bool:
        """Tells whether no further episode may begin after `episodes` have ended."""
        return 0 < self._episodes <= episodes or 0.0 < self._minutes <= self.minutes
