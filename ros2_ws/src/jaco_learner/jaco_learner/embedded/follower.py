"""Which episodes of a recording were learned from, by what the learner itself said in it."""

from __future__ import annotations

from collections.abc import Sequence

from jaco_learner.embedded.episode import Episode
from jaco_learner.embedded.session import LearningSession, Word


class Follower:
    """Has a session learn from the episodes that a run's learner learned from, in its order. `said`: the session's words.

    A learner that was killed heard neither the rest of its episode nor what was played until it was back; what it had kept by
    then it took in at its start. Each of its words says how much was kept until then, over all of its lives: since the word
    before, those were the newest episodes, and at a start the oldest. A word may be missing: of latched messages only the newest
    one is sure to arrive.
    """

    def __init__(self, session: LearningSession, words: Sequence[Word]) -> None:
        """`words`: all that the learner said, in their order."""
        self._session, self._words = session, words
        self._old = not any(word.kept for word in words)
        self._heard, self._next = 0, 1
        self._episodes: list[Episode] = []
        self.said: list[Word] = []

    def on_episodes(self, episodes: Sequence[Episode]) -> None:
        """Takes in what the recording has next of episodes that are over."""
        if self._old:
            # Of a time when nothing was kept.
            self.said += [self._session.learn(episode) for episode in episodes]
        else:
            self._episodes += [episode for episode in episodes if episode.runs]
            self._proceed()

    def on_word(self) -> None:
        """Takes in the learner's next word."""
        self._heard += 1
        self._proceed()

    def _proceed(self) -> None:
        while self._next < self._heard:
            word = self._words[self._next]
            count = word.kept - self._words[self._next - 1].kept
            started = not word.stamp_ns
            past = [episode for episode in self._episodes if started or episode.end_ns <= word.stamp_ns]
            if not started and count and (not past or past[-1].end_ns < word.stamp_ns):
                # The recorder heard of the episode's last moment after the learner had answered to it.
                return
            learned = past[:count] if started else past[len(past) - count :]
            self.said += [self._session.learn(episode) for episode in learned]
            self._episodes = self._episodes[len(past) :]
            self._next += 1
