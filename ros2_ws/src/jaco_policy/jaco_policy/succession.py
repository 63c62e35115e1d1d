"""When an episode may begin, and with which weights: keeps account of episodes for the guard, and of the learner's words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jaco_core.types import ENDED, RUNNING, EpisodeStatus
from jaco_policy.guard import EpisodeScore
from jaco_policy.swap import WeightSwap


@dataclass(frozen=True)
class LearnerWord:
    """The newest version, and the stamp [ns] of the newest observation that the learner has dealt with."""

    stamp_ns: int
    path: Path
    sha256: str
    version: int


class Succession:
    """Everything between two episodes of a policy that a learner improves.

    In lockstep the next episode waits until the learner has dealt with the last one and the supervisor's word on its last step
    has come, so that a seed is a trajectory there, too; the wait is bounded. In real time nothing waits.
    """

    def __init__(self, swap: WeightSwap, lockstep: bool, patience_s: float) -> None:
        self.swap = swap
        self._lockstep, self._patience_s = lockstep, patience_s
        self._word: LearnerWord | None = None
        self._ended: EpisodeStatus | None = None
        self._last_step_ns = -1
        self._judged: dict[int, tuple[int, int]] = {}
        self._helped = False
        self._waiting_since: float | None = None
        self.timeouts = 0

    def on_word(self, word: LearnerWord) -> None:
        """The learner has dealt with an episode, and may have a new version."""
        self._word = word
        if word.sha256:
            self.swap.offer(word.path, word.sha256, word.version)

    def on_judged(self, stamp_ns: int, ticks: int, changed_ticks: int, by_operator: bool = False) -> None:
        """The supervisor's word on the step that began at `stamp_ns`, in which an operator may have moved the arm."""
        self._judged[stamp_ns] = ticks, changed_ticks
        self._helped |= by_operator and stamp_ns <= self._last_step_ns

    def on_step(self, stamp_ns: int) -> None:
        """The policy acted on the observation of `stamp_ns`."""
        self._last_step_ns = stamp_ns

    def on_status(self, status: EpisodeStatus) -> None:
        """The task's verdict on an observation."""
        if status.phase in (RUNNING, ENDED) and status.step > 0:
            self._ended = status

    def ready(self, now_s: float, learner_present: bool) -> bool:
        """Tells whether an episode may begin at `now_s`, on a steady clock."""
        self.swap.poll()
        if not self._lockstep or not learner_present or self._heard():
            self._waiting_since = None
            return True
        if self._waiting_since is None:
            self._waiting_since = now_s
        if now_s - self._waiting_since < self._patience_s:
            return False
        self.timeouts += 1
        self._waiting_since = None
        return True

    def begin(self) -> None:
        """Closes the account of the last episode and lets the newest weights act that may.

        One in which an operator moved the arm says nothing about the weights.
        """
        last, self._ended = self._ended, None
        if last is not None and last.phase == ENDED and not self._helped:
            ticks = sum(ticks for ticks, _ in self._judged.values())
            changed = sum(changed for _, changed in self._judged.values())
            share = changed / max(1, ticks)
            self.swap.record(EpisodeScore(self.swap.acting.version, last.episode_return, share, last.furthest_m))
        self._judged.clear()
        self._helped = False
        self.swap.begin_episode()

    def _heard(self) -> bool:
        if self._word is None or self.swap.loading:
            return False
        dealt_with = self._ended is None or self._word.stamp_ns >= self._ended.stamp_ns
        return dealt_with and (self._last_step_ns < 0 or self._ended is None or self._last_step_ns in self._judged)
