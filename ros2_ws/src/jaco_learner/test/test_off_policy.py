"""Off-policy learning: what it knows of the arm, a small task, repeatability, and going on and back with all its experience."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from embedded_support import ARM, SPEEDS, drawn, equal, policy, run, straight_and_killed

from jaco_core.errors import ConfigError
from jaco_core.kinematics import Kinematics
from jaco_learner.embedded.experience import Experience
from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.methods import network_to_learn
from jaco_learner.embedded.motion import Motion
from jaco_learner.embedded.session import LearningSession
from jaco_learner.embedded.settings import OFF_POLICY, OffPolicySettings, Settings
from jaco_learner.embedded.versions import VersionStore
from jaco_policy.checkpoint import load_checkpoint

RULE = OffPolicySettings(hidden=16, batch=16, policy_batch=8, warm_up=16, updates_per_step=0.5, policy_every=1)
SMALL = Settings(size="felt", algorithm=OFF_POLICY, batch_steps=8, off_policy=RULE)


def motion() -> Motion:
    return Motion(ARM, torch.from_numpy(SPEEDS), 0.1)


def test_where_an_action_leads_is_where_the_kinematics_say() -> None:
    known, felt = motion(), torch.from_numpy(np.stack([np.concatenate((ARM.home, np.zeros(9)))]))
    points = known.points(felt)
    action = torch.tensor([[2, 0, 1, 2, 1, 0, 2, 1, 0]])
    turn = known.turn(action)
    np.testing.assert_allclose(turn[0].numpy(), SPEEDS[np.arange(9), action[0].numpy()] * 0.1, rtol=1e-6)
    exact = Kinematics(ARM)
    exact.update(ARM.home + turn[0].numpy())
    moved = np.linalg.norm(exact.positions - points.position[0].numpy(), axis=1)
    missed = np.linalg.norm(exact.positions - known.after(points, turn)[0].numpy(), axis=1)
    assert moved.max() > 0.03 and missed.max() < 0.15 * moved.max()


def test_steps_are_judged_some_steps_on_and_not_beyond_an_end(tmp_path: Path) -> None:
    network = network_to_learn(policy(tmp_path), SMALL, 0)
    experience = Experience(network, motion(), discount=0.5, horizon=2, kept=100)
    ended, open_end = replace(run(0, steps=3), terminated=True), run(1, steps=3)
    experience.take([ended, open_end])
    steps = experience.steps(torch.arange(6))
    rewards = [[step.reward for step in each.transitions] for each in (ended, open_end)]
    expected = [first + 0.5 * second for each in rewards for first, second in (each[:2], each[1:], (each[2], 0.0))]
    torch.testing.assert_close(steps.reward, torch.tensor(expected))
    assert steps.discount.tolist() == [0.25, 0.0, 0.0, 0.25, 0.25, 0.5]
    felt = [each.final_proprioception for each in (ended, open_end)]
    for row, last in ((1, felt[0]), (2, felt[0]), (4, felt[1]), (5, felt[1])):
        np.testing.assert_allclose(steps.later.felt[row].numpy(), last, rtol=1e-6)
    # The frozen column's activations are those that the network itself computes from the image.
    image, felt_now = open_end.transitions[2].image, steps.now.felt[5:]
    with torch.no_grad():
        answer = network(torch.from_numpy(image)[None], None, felt_now)[0].logits
    torch.testing.assert_close(network.answer(steps.now.at(torch.tensor([5])).elders, felt_now).logits, answer)


def test_a_joint_learns_which_speed_is_worth_a_point(tmp_path: Path) -> None:
    base = policy(tmp_path)
    rule = replace(RULE, hidden=32, batch=64, policy_batch=32, discount=0.0, horizon=1, warm_up=64, anchor=0.0, final_anchor=0.0)
    learner = EmbeddedLearner(base, replace(SMALL, learning_rate=3e-3, batch_steps=32, off_policy=rule), seed=1)
    torch.manual_seed(0)
    shares = []
    for number in range(12):
        # Always the same place: what differs is where the actions lead.
        at_home = np.concatenate((ARM.home, np.zeros(9)))
        shown = run(number, steps=32)
        image = run(0).final_image
        steps = tuple(replace(step, image=image, proprioception=at_home) for step in shown.transitions)
        shown = drawn(learner.network, replace(shown, transitions=steps))
        shares.append(shown.total_reward / 32)
        report = learner.learn(shown)
        assert report is not None and report.steps == 32
    assert shares[0] < 0.6 and np.mean(shares[-3:]) > 0.9, shares


def test_the_same_runs_give_the_same_weights_and_only_the_new_column_learns(tmp_path: Path) -> None:
    base = policy(tmp_path)
    learners = [EmbeddedLearner(base, SMALL, seed=3) for _ in range(3)]
    start = learners[0].snapshot().weights
    for learner, first in zip(learners, (0, 0, 50), strict=True):
        for episode in range(3):
            learner.learn(run(first + episode))
    weights = [learner.snapshot().weights for learner in learners]
    assert equal(weights[0], weights[1]) and not equal(weights[0], weights[2])
    changed = {name for name in start if not torch.equal(start[name], weights[0][name])}
    assert changed and all(name.startswith("columns.1.") for name in changed)


def test_while_the_critics_learn_alone_the_policy_stays_as_it_was(tmp_path: Path) -> None:
    learner = EmbeddedLearner(policy(tmp_path), replace(SMALL, off_policy=replace(RULE, warm_up=100)))
    before = learner.snapshot()
    assert learner.learn(run(0)) is not None
    after = learner.snapshot()
    assert equal(before.weights, after.weights) and not equal(before.moments, after.moments)


def test_the_oldest_steps_make_room_and_those_that_stay_are_what_they_were(tmp_path: Path) -> None:
    network = network_to_learn(policy(tmp_path), SMALL, 0)
    whole, newest = (Experience(network, motion(), discount=0.5, horizon=2, kept=kept) for kept in (100, 10))
    for number, steps in enumerate((6, 3, 8, 4)):
        for experience in (whole, newest):
            experience.take([run(number, steps=steps)])
    assert (len(whole), len(newest), len(newest.chunks)) == (21, 12, 2) and whole.total == newest.total == 21
    expected, held = whole.steps(torch.arange(9, 21)), newest.steps(torch.arange(12))
    for one, other in ((expected.now, held.now), (expected.later, held.later)):
        assert torch.equal(one.felt, other.felt) and torch.equal(one.points.jacobian, other.points.jacobian)
        assert torch.equal(one.elders[0].hidden, other.elders[0].hidden)
    assert torch.equal(expected.action, held.action) and torch.equal(expected.reward, held.reward)


@pytest.mark.parametrize(("lstm", "kept", "held"), [(0, 100, 4), (8, 100, 4), (0, 12, 2)])
def test_it_goes_on_from_its_last_version_with_all_that_it_keeps(tmp_path: Path, lstm: int, kept: int, held: int) -> None:
    base = policy(tmp_path / "base", lstm)
    settings = replace(SMALL, off_policy=replace(RULE, kept=kept))

    def session(folder: str) -> LearningSession:
        return LearningSession(load_checkpoint(base.folder), ARM, settings, 5, VersionStore(tmp_path / folder), print)

    straight, second = straight_and_killed(session, 5, 3) if kept < 100 else straight_and_killed(session, 4, 2)
    assert len(second.learner.snapshot().experience) == held
    assert second.word.version == straight.word.version == (6 if kept < 100 else 5)
    assert second.word.sha256 == straight.word.sha256
    assert equal(second.learner.snapshot().moments, straight.learner.snapshot().moments)


def test_a_new_branch_keeps_what_was_experienced_on_the_old_one(tmp_path: Path) -> None:
    base = policy(tmp_path)
    learner = EmbeddedLearner(base, SMALL, seed=2)
    snapshots = []
    for episode in range(3):
        learner.learn(run(episode))
        snapshots.append(learner.snapshot())
    learner.go_back(snapshots[0])
    assert equal(learner.snapshot().weights, snapshots[0].weights) and equal(learner.snapshot().moments, snapshots[0].moments)
    assert len(learner.snapshot().experience) == 3
    learner.learn(run(9))
    lineage = learner.snapshot()
    assert (lineage.version, lineage.parent, lineage.branch, lineage.steps) == (5, 2, 1, 20)
    other = EmbeddedLearner(base, SMALL, seed=2)
    other.restore(replace(snapshots[0], experience=snapshots[2].experience))
    other.learn(run(9))
    assert equal(other.snapshot().weights, lineage.weights)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="a new column of size felt, by method progressive or random; got method output"):
        Settings(method="output", size="felt", algorithm=OFF_POLICY)
    with pytest.raises(ConfigError, match="no algorithm 'magic' of learning; choices: actor-critic, off-policy"):
        Settings(algorithm="magic")
    with pytest.raises(ConfigError, match="3 critics and batches of 256 steps"):
        OffPolicySettings(target_critics=4)
    with pytest.raises(ConfigError, match="a batch above 0, got 0"):
        OffPolicySettings(batch=0)
