"""Counts episodes from what the task says, alike while a run goes on and from its recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jaco_core.types import ENDED, FINISHED, RUNNING


class EpisodeReport(Protocol):
    """What is read of jaco_interfaces/msg/EpisodeState, and of jaco_core.types.EpisodeStatus."""

    task: str
    phase: int
    episode: int
    step: int
    episode_return: float
    success: bool
    reason: str


@dataclass(frozen=True)
class EpisodeResult:
    """How one episode ended. `furthest_m`: from the target [m], where it was to begin at most; 0: the task's own starts."""

    episode: int
    steps: int
    episode_return: float
    success: bool
    reason: str
    furthest_m: float = 0.0


class EpisodeTally:
    """Takes every report of the task, in order."""

    def __init__(self) -> None:
        self.task: str | None = None
        self.episode = 0
        self.step = 0
        self.episode_return = 0.0
        self.furthest_m = 0.0
        self.running = False
        self.finished = False
        self._results: dict[int, EpisodeResult] = {}

    @property
    def results(self) -> tuple[EpisodeResult, ...]:
        """The episodes that have ended, in their order."""
        return tuple(self._results.values())

    @property
    def success_rate(self) -> float | None:
        """Share of the ended episodes that ended well; None before the first."""
        return sum(result.success for result in self.results) / len(self._results) if self._results else None

    @property
    def mean_return(self) -> float | None:
        """Mean return of the ended episodes; None before the first."""
        return sum(result.episode_return for result in self.results) / len(self._results) if self._results else None

    def observe(self, report: EpisodeReport) -> None:
        """Takes one report. The end of an episode is told more than once and counted once."""
        self.task, self.episode, self.step = report.task, int(report.episode), int(report.step)
        self.episode_return = float(report.episode_return)
        # Recordings of older runs lack it.
        self.furthest_m = float(getattr(report, "furthest_m", 0.0))
        self.running = report.phase == RUNNING
        self.finished = self.finished or report.phase == FINISHED
        if report.phase in (ENDED, FINISHED) and self.episode not in self._results:
            self._results[self.episode] = EpisodeResult(
                self.episode, self.step, self.episode_return, bool(report.success), report.reason, self.furthest_m
            )
