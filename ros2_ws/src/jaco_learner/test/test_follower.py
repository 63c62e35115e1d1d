"""What a replay learns from: the episodes that the run's learner says it kept, whatever was killed or missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from embedded_support import run

from jaco_learner.embedded.episode import Episode
from jaco_learner.embedded.follower import Follower
from jaco_learner.embedded.session import Word


class Learned:
    """Stands in for a session: notes the stamps of the episodes that it learns from."""

    def __init__(self) -> None:
        self.stamps: list[int] = []

    def learn(self, episode: Episode) -> Word:
        self.stamps.append(episode.end_ns)
        return Word(episode.end_ns, 1, "")


def follow(words: Sequence[Word], recorded: Sequence[int | Word]) -> list[int]:
    """Returns what is learned of a recording, in which an episode is the stamp of its end."""
    session: Any = Learned()
    follower = Follower(session, words)
    for item in recorded:
        if isinstance(item, Word):
            follower.on_word()
        else:
            follower.on_episodes([Episode(0, (run(0, steps=1),), item)])
    assert len(follower.said) == len(session.stamps)
    stamps: list[int] = session.stamps
    return stamps


def words(*told: tuple[int, int]) -> list[Word]:
    return [Word(stamp, 1, "", kept) for stamp, kept in told]


def test_without_a_kill_every_episode_is_learned_from_and_what_follows_the_last_word_is_not() -> None:
    start, one, two = told = words((0, 4), (10, 5), (20, 6))
    assert follow(told, [start, 10, one, 20, two, 30]) == [10, 20]


def test_a_word_may_be_recorded_before_its_episode_is_whole_and_one_may_be_missing() -> None:
    start, one, three = told = words((0, 0), (10, 1), (30, 3))
    assert follow(told, [start, one, 10, 20, three, 30]) == [10, 20, 30]


@pytest.mark.parametrize(("kept", "learned"), [(1, [10, 50]), (2, [10, 20, 50])])
def test_what_a_killed_learner_had_kept_without_a_word_is_learned_from_and_what_it_missed_is_not(
    kept: int, learned: list[int]
) -> None:
    # 20 ended at the kill, 30 without a learner; in 40 it came back.
    start, one, again, missed, two = told = words((0, 0), (10, 1), (0, kept), (40, kept), (50, kept + 1))
    assert follow(told, [start, 10, one, 20, 30, again, 40, missed, 50, two]) == learned


def test_of_a_recording_from_before_episodes_were_kept_all_is_learned_from() -> None:
    start, one = told = words((0, 0), (10, 0))
    assert follow(told, [start, 10, one, 20]) == [10, 20]
