"""What an operator shows: imitated by every algorithm, never reinforced, kept on disk, and the same again from a recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from embedded_support import ARM, SPEEDS, Graph, equal, policy, run, straight_and_killed

from jaco_core.errors import ConfigError
from jaco_learner.embedded.corrections import CORRECTED, with_corrections
from jaco_learner.embedded.episode import Episode, from_file, to_bytes
from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.log import read_log
from jaco_learner.embedded.memory import Memory
from jaco_learner.embedded.messages import judged_from_message, judged_stamp_ns
from jaco_learner.embedded.session import LearningSession
from jaco_learner.embedded.settings import ASYMMETRIC, OFF_POLICY, AsymmetricSettings, OffPolicySettings, Settings
from jaco_learner.embedded.transition import Run
from jaco_learner.embedded.versions import VersionStore
from jaco_policy.checkpoint import load_checkpoint

SHOWN = np.array([2, 0, 1, 2, 0, 1, 2, 0, 1])
SMALL = Settings(
    batch_steps=20,
    learning_rate=1e-2,
    asymmetric=AsymmetricSettings(hidden=16, critic_batch=16, policy_batch=32, policy_updates=0.4, warm_up=10_000, kept=200),
    off_policy=OffPolicySettings(hidden=16, batch=32, policy_batch=32, warm_up=10_000),
)
"""The critics of those who have some learn alone all the time: what the policy learns is what was shown."""


def shown(episode: int, steps: int = 20) -> Run:
    """Returns a run in which an operator always shows the same, and earns nothing."""
    told = run(episode, steps)
    corrected = tuple(replace(step, action=SHOWN, corrected=True, log_probability=None, reward=0.0) for step in told.transitions)
    return replace(told, transitions=corrected)


def probability(learner: EmbeddedLearner, seen: Run) -> float:
    """Returns how likely the policy chooses a joint's speed as it was shown, in the mean."""
    images = torch.from_numpy(np.stack([step.image for step in seen.transitions]))
    felt = torch.from_numpy(np.stack([step.proprioception for step in seen.transitions])).float()
    with torch.no_grad():
        chances = torch.softmax(learner.network(images, None, felt)[0].logits, -1)
    return float(chances[:, np.arange(9), SHOWN].mean())


@pytest.mark.parametrize(("algorithm", "size"), [("actor-critic", "narrow"), (ASYMMETRIC, "narrow"), (OFF_POLICY, "felt")])
def test_corrections_alone_move_the_policy_to_what_was_shown(tmp_path: Path, algorithm: str, size: str) -> None:
    base = policy(tmp_path)
    settings = replace(SMALL, algorithm=algorithm, size=size)
    learner, deaf = (
        EmbeddedLearner(base, replace(settings, correction_weight=weight, entropy=0.0), seed=1) for weight in (1.0, 0.0)
    )
    before = probability(learner, shown(99))
    for episode in range(6):
        assert learner.learn(shown(episode)) is not None
    assert deaf.learn(shown(0)) is not None
    assert before < 0.6 and probability(learner, shown(99)) > 0.8
    # Without the weight, nothing that an operator did moves the policy.
    assert probability(deaf, shown(99)) == pytest.approx(before, abs=1e-6)


def test_what_the_policy_learns_of_its_own_steps_does_not_depend_on_what_an_operator_earned(tmp_path: Path) -> None:
    base = policy(tmp_path)
    learners = [EmbeddedLearner(base, replace(SMALL, batch_steps=30, size="narrow"), seed=1) for _ in range(2)]
    for learner, reward in zip(learners, (0.0, 5.0), strict=True):
        told = shown(1)
        earned = replace(told, transitions=tuple(replace(step, reward=reward) for step in told.transitions))
        assert learner.learn(run(0)) is None and learner.learn(earned) is not None
    assert equal(learners[0].snapshot().weights, learners[1].snapshot().weights)


@pytest.mark.parametrize(("algorithm", "size"), [("actor-critic", "narrow"), (ASYMMETRIC, "narrow"), (OFF_POLICY, "felt")])
def test_corrections_survive_a_kill_and_give_the_same_weights(tmp_path: Path, algorithm: str, size: str) -> None:
    base = policy(tmp_path / "base")
    settings = replace(SMALL, algorithm=algorithm, size=size, batch_steps=12)

    def session(folder: str) -> LearningSession:
        return LearningSession(load_checkpoint(base.folder), ARM, settings, 5, VersionStore(tmp_path / folder), print)

    jogged = dict.fromkeys((3, 4), 0.3 * SPEEDS[:, 2])
    straight, second = straight_and_killed(session, 4, 2, shown=jogged)
    assert straight.word.version > 2 and second.word.sha256 == straight.word.sha256
    entries = read_log(tmp_path / "straight")
    assert [entry.steps for entry in entries if entry.corrected] == [2] * 4
    assert not any(entry.complete for entry in entries)


def test_an_episode_and_experience_from_before_there_were_corrections_have_none(tmp_path: Path) -> None:
    path = tmp_path / "one.episode"
    path.write_bytes(to_bytes(Episode(1, (run(0), shown(1)), 5), "origin"))
    found, _ = from_file(path)
    assert [each.corrected for each in found.runs] == [False, True]
    old = with_corrections({"action": torch.zeros(3, 9)})
    assert old[CORRECTED].tolist() == [False] * 3
    memory = Memory(4)
    memory.add({"number": torch.arange(6), CORRECTED: torch.tensor([True, True, False, True, False, True])})
    (numbers,) = memory.draw_of(CORRECTED, 50, torch.Generator().manual_seed(1), "number")
    assert set(numbers.tolist()) == {3, 5}


def test_learning_from_before_there_were_corrections_is_gone_on_from(tmp_path: Path) -> None:
    base = policy(tmp_path / "base")
    store = VersionStore(tmp_path / "run")

    def session(settings: Settings) -> LearningSession:
        return LearningSession(load_checkpoint(base.folder), ARM, settings, 5, store, print)

    first = session(replace(SMALL, size="narrow"))
    Graph(first.assembler).play(0, steps=25)
    first.advance()
    card = store.path(2) / "card.json"
    told = card.read_text()
    for line in ('"correction_weight": 1.0', '"operator_share": 0.25'):
        assert line in told
    assert session(replace(SMALL, size="narrow")).word.version == 2
    with pytest.raises(ConfigError, match="learned with another settings"):
        session(replace(SMALL, size="narrow", correction_weight=0.5))


def test_whose_step_it_was_is_read_from_messages_new_and_old() -> None:
    stamp, later = SimpleNamespace(sec=1, nanosec=5), SimpleNamespace(sec=2, nanosec=0)
    old = SimpleNamespace(header=SimpleNamespace(stamp=later), source="operator", changed_ticks=0, ticks=10)
    new = SimpleNamespace(**vars(old), policy_stamp=stamp, withheld_ticks=0)
    assert judged_stamp_ns(new) == 1_000_000_005 and judged_from_message(new).withheld_ticks == 0
    # An older recording does not say whether an operator's motion was let through: it is no correction.
    assert judged_stamp_ns(old) == 2_000_000_000 and judged_from_message(old).withheld_ticks == 10


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"operator_share up to 1, got 1\.0 and 1\.5"):
        Settings(operator_share=1.5)
    with pytest.raises(ConfigError, match=r"needs a operator_share above 0, got 0\.0"):
        Settings(operator_share=0.0)
