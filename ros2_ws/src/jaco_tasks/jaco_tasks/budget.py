"""How much may be played: episodes, minutes, control steps, or several of them. What is paused does not count."""

from __future__ import annotations

# A longer gap between two images is no time that was played.
_LONGEST_GAP_NS = 1_000_000_000


class Budget:
    """0 stands for no end. Time is that of the images' stamps."""

    def __init__(self, episodes: int, minutes: float, steps: int = 0) -> None:
        self._episodes, self._minutes, self._steps = episodes, minutes, steps
        self._steps_taken = 0
        self._last_ns: int | None = None
        self._played_ns = 0

    def note(self, stamp_ns: int, paused: bool) -> None:
        """An image of `stamp_ns` came."""
        if self._last_ns is not None and not paused:
            self._played_ns += min(max(0, stamp_ns - self._last_ns), _LONGEST_GAP_NS)
        self._last_ns = stamp_ns

    def count_step(self) -> None:
        """An episode went on by one control step."""
        self._steps_taken += 1

    @property
    def minutes(self) -> float:
        """Played so far [min], with the resets in between."""
        return self._played_ns / 60e9

    def spent(self, episodes: int) -> bool:
        """Tells whether no further episode may begin after `episodes` have ended."""
        over = 0 < self._episodes <= episodes or 0 < self._steps <= self._steps_taken
        return over or 0.0 < self._minutes <= self.minutes
