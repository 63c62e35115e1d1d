"""Finished episodes that no version was made of yet: a kill loses none of them, and none is learned from twice or by half."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from embedded_support import ARM, PERIOD_NS, Graph, policy, run

from jaco_core.errors import ConfigError
from jaco_learner.embedded.background import Background
from jaco_learner.embedded.episode import Episode, from_file
from jaco_learner.embedded.log import read_log
from jaco_learner.embedded.pending import PendingEpisodes, Taken, pending_files
from jaco_learner.embedded.session import LearningSession
from jaco_learner.embedded.settings import ASYMMETRIC, Settings
from jaco_learner.embedded.transition import NOTHING, Run
from jaco_learner.embedded.versions import VersionStore
from jaco_policy.checkpoint import load_checkpoint

STEPS = 8
# A version is made of three episodes.
SETTINGS = Settings(size="narrow", batch_steps=3 * STEPS, passes=2)


def begin(folder: Path, said: list[str] | None = None, settings: Settings = SETTINGS) -> LearningSession:
    say = (said if said is not None else []).append
    base = folder.parent / "base"
    if not base.exists():
        policy(base)
    return LearningSession(load_checkpoint(base), ARM, settings, 5, VersionStore(folder), say)


def play(learning: LearningSession, first: int, last: int) -> None:
    graph = Graph(learning.assembler)
    graph.now_ns = PERIOD_NS * (1 + first * (STEPS + 1))
    for episode in range(first, last):
        graph.play(episode, steps=STEPS)
        learning.advance()


def store(folder: Path, taken: Taken | None = None) -> PendingEpisodes:
    return PendingEpisodes(folder, "origin", taken or Taken())


def same(one: Run, other: Run) -> bool:
    pairs = list(zip(one.transitions, other.transitions, strict=True))
    values = [(getattr(a, field.name), getattr(b, field.name)) for a, b in pairs for field in fields(a)]
    values += [(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)[1:]]
    return all(type(a) is type(b) and np.array_equal(np.asarray(a), np.asarray(b)) for a, b in values)


def test_an_episode_comes_back_bit_for_bit(tmp_path: Path) -> None:
    whole, bare = run(7, steps=5, version=3), run(8, steps=2)
    unknown = tuple(replace(step, log_probability=None, known=NOTHING) for step in bare.transitions)
    bare = Run(unknown, bare.final_image, bare.final_proprioception, True, False)
    for runs in ((whole, run(9, steps=1)), (bare,)):
        kept = store(tmp_path).keep(Episode(0, runs, 4_000_000_001, 12, 3))
        (found,) = [each for each in store(tmp_path, Taken(kept.number - 1, 9)).left_over() if isinstance(each, Episode)]
        assert (found.number, found.end_ns, found.dropped, found.overruled) == (kept.number, 4_000_000_001, 12, 3)
        assert len(found.runs) == len(runs) and all(same(*pair) for pair in zip(found.runs, runs, strict=True))


@pytest.mark.parametrize(("killed_after", "algorithm"), [(2, "actor-critic"), (4, ASYMMETRIC)])
def test_learning_goes_on_as_if_it_had_not_been_killed_between_two_versions(
    tmp_path: Path, killed_after: int, algorithm: str
) -> None:
    settings = replace(SETTINGS, algorithm=algorithm)
    straight, killed = begin(tmp_path / "straight", settings=settings), begin(tmp_path / "killed", settings=settings)
    play(straight, 0, 6)
    play(killed, 0, killed_after)
    # A kill while an episode was written.
    (tmp_path / "killed" / "pending" / "000099.partial").write_bytes(b"half")
    said: list[str] = []
    again = begin(tmp_path / "killed", said, settings)
    waiting = killed_after % 3
    counted = f"{waiting} finished episodes ({waiting * STEPS} steps)"
    assert said[-1] == f"Of {counted} no version had been made: they are taken in now."
    assert again.word.kept == killed_after
    play(again, killed_after, 6)
    assert again.word.version == straight.word.version == 3 and again.word.sha256 == straight.word.sha256
    assert read_log(tmp_path / "killed") == read_log(tmp_path / "straight")
    assert [entry.number for entry in read_log(tmp_path / "killed")] == [1, 2, 3, 4, 5, 6]


def test_what_a_version_was_made_of_is_not_learned_from_again(tmp_path: Path) -> None:
    first = begin(tmp_path / "run")
    play(first, 0, 3)
    assert len(pending_files(tmp_path / "run")) == 3, "the newest version can be made again"
    said: list[str] = []
    second = begin(tmp_path / "run", said)
    assert said == ["Learning goes on from version 2, after 24 steps."] and second.word.kept == 3
    play(second, 3, 4)
    assert second.learner.version == 2 and len(read_log(tmp_path / "run")) == 4


def test_of_an_episode_that_a_version_was_made_of_in_part_the_rest_is_taken_in(tmp_path: Path) -> None:
    cut = Episode(0, (run(0, steps=20), run(1, steps=10), run(2, steps=5)), 1)
    straight, killed = begin(tmp_path / "straight"), begin(tmp_path / "killed")
    last = Episode(0, (run(3, steps=20),), 2)
    for learning in (straight, killed):
        learning.learn(learning._pending.keep(cut))
    assert killed.learner.version == 2, "of the first two runs"
    again = begin(tmp_path / "killed")
    for learning in (straight, again):
        learning.learn(learning._pending.keep(last))
    assert again.word.version == 3 and again.word.sha256 == straight.word.sha256
    assert read_log(tmp_path / "killed") == read_log(tmp_path / "straight")


def test_a_policy_that_took_a_version_back_is_followed_after_a_kill_too(tmp_path: Path) -> None:
    settings = replace(SETTINGS, batch_steps=STEPS)
    for killed in (False, True):
        folder = tmp_path / str(killed)
        learning = begin(folder, settings=settings)
        for episode, version in enumerate((1, 2, 3)):
            learning.learn(learning._pending.keep(Episode(0, (run(episode, STEPS, version),), episode)))
        if killed:
            learning = begin(folder, settings=settings)
        learning.learn(learning._pending.keep(Episode(0, (run(9, STEPS, 2),), 9)))
        assert (learning.learner.version, learning.learner.parent, learning.learner.branch) == (5, 2, 1)
    # A new run's policy begins with what was there before, and has taken nothing back.
    learning.learn(Episode(0, (run(0, STEPS, 1),), 9))
    assert (learning.learner.parent, learning.learner.branch) == (5, 1)


def test_a_damaged_episode_is_refused_in_one_sentence_and_the_others_are_taken_in(tmp_path: Path) -> None:
    play(begin(tmp_path / "run"), 0, 2)
    paths = pending_files(tmp_path / "run")
    content = paths[1].read_bytes()
    paths[1].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    said: list[str] = []
    again = begin(tmp_path / "run", said)
    assert said[0] == f"The finished episode in {paths[1]} is damaged (its checksum differs) and is not learned from."
    assert said[1].startswith("Of 1 finished episodes (8 steps)")
    play(again, 2, 4)
    assert again.learner.version == 2 and again.word.kept == 4
    paths[1].write_bytes(b"")
    with pytest.raises(ConfigError, match="is damaged"):
        from_file(paths[1])


def test_episodes_of_other_learning_are_refused(tmp_path: Path) -> None:
    play(begin(tmp_path / "run"), 0, 1)
    with pytest.raises(ConfigError, match="began with another policy, settings, seed or task; give another folder"):
        begin(tmp_path / "run", settings=replace(SETTINGS, learning_rate=1e-5))


def test_where_nothing_can_be_kept_learning_goes_on_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    learning = begin(tmp_path / "run", said)
    (tmp_path / "run" / "pending").write_text("no folder")
    play(learning, 0, 3)
    assert learning.learner.version == 2 and len(said) == 3
    assert "cannot be written" in said[0] and "so a kill would lose this episode" in said[0]


def test_files_go_when_two_versions_are_past_them_but_not_those_of_an_earlier_life(tmp_path: Path) -> None:
    play(begin(tmp_path / "run"), 0, 2)
    again = begin(tmp_path / "run")
    play(again, 2, 13)
    assert again.learner.version == 5
    assert list(pending_files(tmp_path / "run")) == [1, 2, 9, 10, 11, 12, 13]


def test_the_rest_of_an_episode_that_a_learner_was_started_in_is_passed_over(tmp_path: Path) -> None:
    learning = begin(tmp_path / "run")
    graph = Graph(learning.assembler)
    missed = {(kind, step) for kind in ("episode", "image", "word", "judged") for step in (0, 1)} | {("word", 2), ("judged", 2)}
    graph.play(0, steps=STEPS, omit=frozenset(missed))
    # At once, since in lockstep the policy waits for it.
    (word,) = learning.advance()
    assert word.stamp_ns == graph.now_ns - PERIOD_NS and word.kept == 0
    graph.play(1, steps=STEPS)
    assert learning.advance()[0].kept == 1
    assert learning.assembler.dropped == {"what came before": STEPS - 2}


def test_what_ends_during_an_update_is_kept_before_the_update_is_over(tmp_path: Path) -> None:
    kept = store(tmp_path)
    updating, go_on, done = threading.Event(), threading.Event(), threading.Event()
    learned: list[int] = []

    def learn(episode: Episode) -> None:
        updating.set()
        assert go_on.wait(60.0)
        learned.append(episode.number)
        if len(learned) == 2:
            done.set()

    background = Background(learn, lambda why: None)
    background.give(kept.keep(Episode(0, (run(0),), 1)))
    assert updating.wait(60.0)
    background.give(kept.keep(Episode(0, (run(1),), 2)))
    assert learned == [] and not background.idle and list(pending_files(tmp_path)) == [1, 2]
    go_on.set()
    assert done.wait(60.0)
    background.end()
    assert learned == [1, 2] and background.idle


def test_learning_that_fails_says_why() -> None:
    said: list[str] = []
    told = threading.Event()

    def learn(episode: Episode) -> None:
        raise ConfigError("Version 3 cannot be learned on.")

    def fail(why: str) -> None:
        said.append(why)
        told.set()

    background = Background(learn, fail)
    background.give(Episode(0, (), 0))
    assert told.wait(60.0)
    background.end()
    assert said == ["Version 3 cannot be learned on."] and background.idle
