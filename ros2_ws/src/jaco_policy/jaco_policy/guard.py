"""Whether new weights do worse than the ones that are trusted: the rule by which they are taken back."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np


@dataclass(frozen=True)
class EpisodeScore:
    """One episode: the version that acted, its return, and the share of control ticks that the supervisor changed, 0..1.

    `furthest_m`: how far from its target it was to begin at most [m]; 0: the task's own starts.
    """

    version: int
    episode_return: float
    changed: float
    furthest_m: float = 0.0


class Verdict(Enum):
    """What follows from an episode."""

    GO_ON = "go on"
    TRUST = "trust"
    TAKE_BACK = "take back"


@dataclass(frozen=True)
class GuardRule:
    """A line of new versions is tried on `window` episodes.

    It does worse when it is below by so many standard errors: `errors` at the window's end, `early_errors` before, from `early`
    episodes on. Differences within `return_margin` of return, or `changed_margin` of the share of changed ticks, do not matter.
    """

    window: int = 20
    early: int = 6
    errors: float = 2.0
    early_errors: float = 3.5
    return_margin: float = 1.0
    changed_margin: float = 0.05


class Guard:
    """Judges the episodes in their order. Version `trusted` is the last one that proved itself.

    What new versions are held against comes first: until the trusted one has played `early` episodes, none may be tried. Episodes
    that begin at another distance from the target earn another return and are held against none before. Further away is where
    successes led: the version that plays the first of them is trusted. Nearer is where failures led: one on trial is taken back.
    """

    def __init__(self, rule: GuardRule, trusted: int) -> None:
        self._rule = rule
        self.trusted = trusted
        self._reference: deque[EpisodeScore] = deque(maxlen=rule.window)
        self._trial: list[EpisodeScore] = []
        self._furthest_m: float | None = None

    @property
    def settled(self) -> bool:
        """Tells whether there is something to hold new versions against, so that they may be tried."""
        return len(self._reference) >= self._rule.early

    def trust(self, version: int) -> None:
        """Holds what comes against `version`, of which nothing is known yet."""
        self.trusted = version
        self._reference.clear()

    def record(self, score: EpisodeScore) -> Verdict:
        """Takes in an episode that is over and says what follows from it."""
        rule = self._rule
        before, self._furthest_m = self._furthest_m, score.furthest_m
        if before is not None and before != score.furthest_m:
            return self._begin_elsewhere(score, nearer=_bound(score.furthest_m) < _bound(before))
        if score.version == self.trusted:
            self._reference.append(score)
            return Verdict.GO_ON
        self._trial.append(score)
        if len(self._trial) < rule.early:
            return Verdict.GO_ON
        over = len(self._trial) >= rule.window
        if worse(self._trial, tuple(self._reference), rule, rule.errors if over else rule.early_errors):
            self._trial = []
            return Verdict.TAKE_BACK
        if not over:
            return Verdict.GO_ON
        self.trusted = score.version
        self._reference = deque(self._trial, maxlen=rule.window)
        self._trial = []
        return Verdict.TRUST

    def _begin_elsewhere(self, score: EpisodeScore, nearer: bool) -> Verdict:
        """Takes in the first episode at another distance."""
        self._trial = []
        if nearer and score.version != self.trusted:
            self.trust(self.trusted)
            return Verdict.TAKE_BACK
        self.trust(score.version)
        self._reference.append(score)
        return Verdict.TRUST


def worse(trial: Sequence[EpisodeScore], reference: Sequence[EpisodeScore], rule: GuardRule, errors: float) -> bool:
    """Tells whether `trial` earned less or was changed more than `reference`, beyond `errors` standard errors and the margin."""
    less = _beyond([-score.episode_return for score in trial], [-score.episode_return for score in reference], errors)
    more = _beyond([score.changed for score in trial], [score.changed for score in reference], errors)
    return less > rule.return_margin or more > rule.changed_margin


def _bound(furthest_m: float) -> float:
    return furthest_m or math.inf


def _beyond(trial: Sequence[float], reference: Sequence[float], errors: float) -> float:
    """Returns by how much the trial's mean is higher when that is more than `errors` standard errors (Welch's), else 0."""
    difference = float(np.mean(trial) - np.mean(reference))
    spread = math.sqrt(float(np.var(trial)) / len(trial) + float(np.var(reference)) / len(reference))
    return difference if difference > errors * spread else 0.0
