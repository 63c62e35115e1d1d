"""How much faster a run gets by its further workers, measured while it runs: the first one begins alone."""

from __future__ import annotations

from dataclasses import dataclass, field

# Shorter measurements tell nothing.
_SHORTEST_S = 3.0


@dataclass
class _Window:
    """Frames that came in a time, the reports at its very beginning left out."""

    began_s: float | None = None
    ended_s: float = 0.0
    frames: int = 0

    def add(self, now_s: float, frames: int) -> None:
        if self.began_s is None:
            self.began_s = now_s
        else:
            self.frames += frames
        self.ended_s = now_s

    @property
    def rate(self) -> float | None:
        """Frames per second, None where too little was seen."""
        elapsed = 0.0 if self.began_s is None else self.ended_s - self.began_s
        return self.frames / elapsed if elapsed >= _SHORTEST_S else None


@dataclass
class SpeedUp:
    """Compares one worker with `workers`: the first is alone for `frames`, then all are measured for `frames` each."""

    workers: int
    frames: int
    _alone: _Window = field(default_factory=_Window)
    _together: _Window = field(default_factory=_Window)
    _begun: set[int] = field(default_factory=set)

    @property
    def alone(self) -> bool:
        """Whether the first worker is still to be alone."""
        return self.workers > 1 and self._alone.frames < self.frames

    def note(self, now_s: float, worker: int, frames: int) -> None:
        """Takes note of a report of `worker` at `now_s`, a steady time [s]."""
        if self.alone:
            self._alone.add(now_s, frames)
            return
        self._begun.add(worker)
        if len(self._begun) == self.workers and self._together.frames < self.frames * self.workers:
            self._together.add(now_s, frames)

    def figures(self) -> dict[str, float | int] | None:
        """Returns frames per second of one and of all workers and their ratio; None before there is enough to tell."""
        alone, together = self._alone.rate, self._together.rate
        if alone is None or together is None or self._together.frames < self.frames * self.workers:
            return None
        return {
            "workers": self.workers,
            "frames_per_second_of_one": round(alone, 1),
            "frames_per_second_of_all": round(together, 1),
            "speed_up": round(together / alone, 2),
        }
