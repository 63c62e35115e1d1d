"""The learner itself: what may change, returns by hand, learning, repeatability, versions that survive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from embedded_support import ARM, SPEEDS, Graph, drawn, equal, policy, run

from jaco_core.errors import ConfigError, ContractError
from jaco_learner.embedded.actor_critic import ActorCritic, n_step_returns
from jaco_learner.embedded.episode import Episode
from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.log import read_log
from jaco_learner.embedded.methods import network_to_learn
from jaco_learner.embedded.session import LearningSession
from jaco_learner.embedded.settings import METHODS, Settings
from jaco_learner.embedded.transition import Run
from jaco_learner.embedded.versions import KEPT_NEWEST, VersionStore
from jaco_policy.checkpoint import load_checkpoint

SMALL = Settings(size="narrow", batch_steps=8, passes=2)


def test_returns_are_the_paper_s() -> None:
    reward, value = torch.tensor([1.0, 0.0, 2.0, 1.0, 1.0]), torch.tensor([9.0, 9.0, 4.0, 9.0, 3.0, 8.0])
    g = 0.5
    # Parts of two steps: the critic's word at steps 2 and 4, and at the end unless the task ended there.
    expected = [1.0 + g * (0.0 + g * 4.0), 0.0 + g * 4.0, 2.0 + g * (1.0 + g * 3.0), 1.0 + g * 3.0, 1.0 + g * 8.0]
    torch.testing.assert_close(n_step_returns(reward, value, False, g, 2), torch.tensor(expected))
    torch.testing.assert_close(n_step_returns(reward, value, True, g, 2), torch.tensor([*expected[:4], 1.0]))


@pytest.mark.parametrize(("lstm", "feels"), [(0, False), (8, False), (0, True)])
@pytest.mark.parametrize("method", METHODS)
def test_each_method_begins_and_learns_as_it_says(tmp_path: Path, method: str, lstm: int, feels: bool) -> None:
    base = policy(tmp_path / method, lstm, feels)
    before = {name: tensor.clone() for name, tensor in base.network.state_dict().items()}
    learner = EmbeddedLearner(base, replace(SMALL, method=method), seed=1)
    shown = run(0).transitions[0]
    images, felt = torch.from_numpy(shown.image)[None], torch.from_numpy(shown.proprioception).float()[None]
    answers = [
        net(images, net.initial_state(1), felt)[0].logits for net in (learner.network, load_checkpoint(base.folder).network)
    ]
    assert torch.equal(*answers) is (method in ("progressive", "output", "finetuned"))
    start = learner.snapshot().weights
    assert learner.learn(run(0)) is not None
    after = learner.snapshot().weights
    changed = {name for name in after if not torch.equal(after[name], start[name])}
    expected = {
        "progressive": "columns.1.",
        "random": "columns.1.",
        "scratch": "columns.0.",
        "finetuned": "columns.0.",
        "output": ("columns.0.policy.", "columns.0.value."),
    }[method]
    assert changed and all(name.startswith(expected) for name in changed)
    if method == "progressive":
        assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    if method in ("scratch", "finetuned"):
        assert any("convolutions.0" in name for name in changed)


def test_a_third_column_begins_as_two_and_a_baseline_of_two_changes_what_it_says(tmp_path: Path) -> None:
    """What was learned on one task is gone on from on another: by a column that feels, by all weights, by the heads."""
    play(session(tmp_path / "first", _saved(tmp_path / "base")), range(1))
    folder = tmp_path / "first" / "000002"
    shown = run(0).transitions[0]
    image, felt = torch.from_numpy(shown.image)[None], torch.from_numpy(shown.proprioception).float()[None]
    before = load_checkpoint(folder).network(image)[0]
    expected = {
        "progressive": (("columns.2.",), ("columns.2.proprioceive.weight", "columns.2.laterals.0.weight")),
        "finetuned": (("columns.0.", "columns.1."), ("columns.0.convolutions.0.weight", "columns.1.adapters.0.weight")),
        "output": (
            tuple(f"columns.1.{head}{part}" for head in ("policy", "value") for part in (".", "_laterals.")),
            ("columns.1.policy.weight", "columns.1.policy_laterals.0"),
        ),
    }
    for method, (where, some) in expected.items():
        learner = EmbeddedLearner(load_checkpoint(folder), replace(SMALL, method=method, size="felt-maps"), seed=1)
        after = learner.network(image, None, felt)[0]
        assert torch.equal(after.logits, before.logits) and torch.equal(after.value, before.value)
        start = learner.snapshot().weights
        for episode in range(2):  # the own part of a new column's heads is zero at first
            assert learner.learn(run(episode)) is not None
        changed = {name for name, tensor in learner.snapshot().weights.items() if not torch.equal(tensor, start[name])}
        assert all(name.startswith(where) for name in changed) and changed.issuperset(some), (method, changed)


def test_what_is_learned_is_another_task_of_the_policy_s_family(tmp_path: Path) -> None:
    base = load_checkpoint(_saved(tmp_path / "base"))

    def learn(task: str) -> LearningSession:
        return LearningSession(base, ARM, SMALL, 5, VersionStore(tmp_path / "run"), print, task=task)

    play(learn("conveyor"), range(1))
    assert base.card.task == "reach" and load_checkpoint(tmp_path / "run" / "000002", ARM).card.task == "conveyor"
    assert learn("conveyor").learner.version == 2
    with pytest.raises(ConfigError, match=r"learned with another task \(conveyor instead of reach\)"):
        learn("")
    with pytest.raises(ContractError, match="Policy 'tiny' is for task 'reach', not for 'juggle'"):
        learn("juggle")


def _saved(folder: Path) -> Path:
    policy(folder)
    return folder


def test_the_first_joint_learns_which_speed_is_worth_a_point(tmp_path: Path) -> None:
    base = policy(tmp_path)
    settings = Settings(size="narrow", learning_rate=3e-3, horizon=1, discount=0.0, batch_steps=32, entropy=0.0)
    critic = ActorCritic(network_to_learn(base, settings, 0), settings)
    torch.manual_seed(0)
    shares = []
    for number in range(10):
        shown = drawn(critic.network, run(number, steps=32))
        shares.append(shown.total_reward / 32)
        critic.update([shown])
    assert shares[0] < 0.6 and np.mean(shares[-3:]) > 0.9


def test_the_same_runs_give_the_same_weights_bit_for_bit_and_other_runs_others(tmp_path: Path) -> None:
    base = policy(tmp_path)
    learners = [EmbeddedLearner(base, SMALL, seed=3) for _ in range(3)]
    for learner, first in zip(learners, (0, 0, 50), strict=True):
        for episode in range(3):
            learner.learn(run(first + episode))
    weights = [learner.snapshot().weights for learner in learners]
    assert equal(weights[0], weights[1]) and not equal(weights[0], weights[2])


def play(session: LearningSession, episodes: range, graph: Graph | None = None) -> Graph:
    graph = graph or Graph(session.assembler)
    for episode in episodes:
        graph.play(episode, steps=8)
        session.advance()
    return graph


def session(folder: Path, base: Path, said: list[str] | None = None) -> LearningSession:
    say = (said if said is not None else []).append
    return LearningSession(load_checkpoint(base), ARM, SMALL, 5, VersionStore(folder), say)


def test_learning_goes_on_from_the_last_version_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    policy(tmp_path / "base")
    straight = session(tmp_path / "straight", tmp_path / "base")
    play(straight, range(4))
    first = session(tmp_path / "killed", tmp_path / "base")
    graph = play(first, range(2))
    # Killed in the middle of an episode and while it wrote a version.
    (tmp_path / "killed" / "000004.partial").mkdir()
    graph.play(99, steps=2, omit=frozenset({("episode", 2)}))
    said: list[str] = []
    second = session(tmp_path / "killed", tmp_path / "base", said)
    assert second.learner.version == 3 and said == ["Learning goes on from version 3, after 16 steps."]
    play(second, range(2, 4))
    assert second.word.version == straight.word.version == 5
    assert second.word.sha256 == straight.word.sha256
    assert [entry.episode for entry in read_log(tmp_path / "killed")] == [0, 1, 2, 3]


def test_damaged_versions_are_passed_over_and_made_again_from_the_episodes_that_are_left(tmp_path: Path) -> None:
    policy(tmp_path / "base")
    before = session(tmp_path / "run", tmp_path / "base")
    play(before, range(3))
    weights = tmp_path / "run" / "000004" / "policy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    (tmp_path / "run" / "000003" / "moments.safetensors").write_bytes(b"")
    said: list[str] = []
    after = session(tmp_path / "run", tmp_path / "base", said)
    assert "damaged" in said[0] and "Version 3 in" in said[1] and said[2].startswith("Learning goes on from version 2,")
    assert (after.word.version, after.word.sha256) == (4, before.word.sha256)
    assert [entry.episode for entry in read_log(tmp_path / "run")] == [0, 1, 2]


def test_versions_of_another_policy_or_other_settings_are_not_gone_on_from(tmp_path: Path) -> None:
    policy(tmp_path / "base")
    policy(tmp_path / "other", lstm=8)
    play(session(tmp_path / "run", tmp_path / "base"), range(1))
    with pytest.raises(ConfigError, match="learned with another base"):
        session(tmp_path / "run", tmp_path / "other")
    settings = replace(SMALL, learning_rate=1e-5)
    with pytest.raises(ConfigError, match="learned with another settings"):
        LearningSession(load_checkpoint(tmp_path / "base"), ARM, settings, 5, VersionStore(tmp_path / "run"), print)


def test_a_version_s_card_tells_where_it_comes_from(tmp_path: Path) -> None:
    base = policy(tmp_path / "base")
    play(session(tmp_path / "run", tmp_path / "base"), range(2))
    card = load_checkpoint(tmp_path / "run" / "000003", ARM).card
    assert card.name == "tiny-progressive" and card.ancestors == (f"tiny {base.card.sha256}",) and len(card.grown) == 1
    told = card.training
    assert (told["version"], told["parent"], told["steps"], told["branch"], told["seed"]) == (3, 2, 16, 0, 5)
    assert told["episodes"] == [1, 1] and told["settings"]["size"] == "narrow" and told["stamps_ns"][0] < told["stamps_ns"][1]


def test_when_a_version_is_taken_back_learning_begins_anew_from_the_one_that_acts(tmp_path: Path) -> None:
    policy(tmp_path / "base")
    learning = session(tmp_path / "run", tmp_path / "base")

    def show(episode: int, version: int) -> None:
        learning.learn(Episode(0, (run(episode, version=version),), 0))

    for episode, version in enumerate((1, 2, 3)):
        show(episode, version)
    assert learning.learner.version == 4
    show(9, 2)
    lineage = learning.learner.snapshot()
    assert (lineage.version, lineage.parent, lineage.branch, lineage.steps) == (5, 2, 1, 20)
    other = EmbeddedLearner(load_checkpoint(tmp_path / "base"), SMALL, 5)
    other.restore(VersionStore(tmp_path / "run").load(2))
    other.learn(run(9, version=2))
    assert equal(other.snapshot().weights, lineage.weights)


@pytest.mark.parametrize("method", ["scratch", "random"])
def test_a_method_that_takes_nothing_over_acts_as_a_version_of_its_own_from_the_start(tmp_path: Path, method: str) -> None:
    base = load_checkpoint(_saved(tmp_path / "base"), ARM)

    def learn() -> LearningSession:
        return LearningSession(base, ARM, replace(SMALL, method=method), 5, VersionStore(tmp_path / "run"), print)

    before = learn()
    first = load_checkpoint(tmp_path / "run" / "000002", ARM)
    assert (before.word.version, before.word.sha256) == (2, first.card.sha256) and first.card.training["steps"] == 0
    assert equal(dict(first.network.state_dict()), before.learner.snapshot().weights)
    # Killed before it learned anything, and after.
    again = learn()
    assert (again.word.version, again.word.sha256) == (2, first.card.sha256)
    play(again, range(1))
    after = learn()
    assert (after.learner.version, after.learner.parent, after.learner.steps) == (3, 2, 8)
    assert equal(after.learner.snapshot().weights, again.learner.snapshot().weights)


def test_old_versions_make_room(tmp_path: Path) -> None:
    policy(tmp_path / "base")
    learning = session(tmp_path / "run", tmp_path / "base")
    store = VersionStore(tmp_path / "run")
    (tmp_path / "run" / "000100").mkdir()
    store.anchor = 7
    for version in (7, 8, *range(200, 200 + KEPT_NEWEST - 1)):
        (tmp_path / "run" / f"{version:06d}").mkdir(exist_ok=True)
    learning.learner.version = 999
    store.save(learning._card, learning.learner.network, learning.learner.snapshot(), {})
    assert store.numbers()[:3] == [7, 100, 200] and store.numbers()[-1] == 999


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="no method 'magic' of learning; choices: progressive"):
        Settings(method="magic")
    with pytest.raises(ConfigError, match="learning_rate above 0, got -1"):
        Settings(learning_rate=-1.0)
    with pytest.raises(ConfigError, match="discount from 0 to below 1, got 1"):
        Settings(discount=1.0)


def test_an_update_without_the_acting_policy_s_probability_still_counts(tmp_path: Path) -> None:
    learner = EmbeddedLearner(policy(tmp_path), SMALL)
    shown = run(1)
    unknown = Run(
        tuple(replace(step, log_probability=None) for step in shown.transitions), shown.final_image, shown.final_proprioception,
        False, True,
    )  # fmt: skip
    report = learner.learn(unknown)
    assert report is not None and report.ratio == pytest.approx(1.0) and SPEEDS.shape == (9, 3)
