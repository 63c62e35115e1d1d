"""Learning with critics that know more than the policy: what they know, a small task, repeatability, going on and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from embedded_support import ARM, drawn, equal, play, policy, run, straight_and_killed

from jaco_core.errors import ConfigError
from jaco_core.kinematics import Kinematics
from jaco_learner.embedded import versions
from jaco_learner.embedded.branching import BranchingCritic
from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.memory import Memory
from jaco_learner.embedded.messages import objects_from_message
from jaco_learner.embedded.privileged import PrivilegedState
from jaco_learner.embedded.session import LearningSession
from jaco_learner.embedded.settings import ASYMMETRIC, AsymmetricSettings, Settings
from jaco_learner.embedded.versions import VersionStore
from jaco_policy.checkpoint import load_checkpoint

RULE = AsymmetricSettings(hidden=16, critic_batch=16, policy_batch=8, warm_up=8, kept=24)
SMALL = Settings(algorithm=ASYMMETRIC, batch_steps=8, asymmetric=RULE)


def test_a_state_says_where_the_palm_is_and_how_far_the_object() -> None:
    angles, velocities = ARM.home + 0.1, np.linspace(-0.5, 0.5, 9)
    applied, target = np.linspace(0.0, 0.4, 9), np.array([0.4, -0.1, 0.05])
    felt = torch.from_numpy(np.concatenate((angles, velocities)))[None].float()
    known = torch.from_numpy(np.concatenate((applied, target)))[None].float()
    knowledge = PrivilegedState(ARM, 1)
    states, places = knowledge.states(felt, known)
    exact = Kinematics(ARM)
    exact.update(angles)
    palm = exact.position("palm")
    np.testing.assert_allclose(places[0].numpy(), [palm, target], atol=1e-6)
    expected = (np.sin(angles), np.cos(angles), velocities, applied, palm, target, target - palm)
    np.testing.assert_allclose(states[0].numpy(), np.concatenate(expected), atol=1e-6)
    assert states.shape == (1, knowledge.size)


def test_a_policy_s_value_is_the_mean_of_its_actions_values() -> None:
    torch.manual_seed(0)
    critic = BranchingCritic(4, joints=2, choices=3, hidden=8)
    torch.nn.init.normal_(critic.branches.weight)
    state, probability = torch.randn(1, 4), torch.softmax(torch.randn(1, 2, 3), -1)
    total = sum(
        probability[0, 0, first] * probability[0, 1, second] * critic.of_action(state, torch.tensor([[first, second]]))[0]
        for first in range(3)
        for second in range(3)
    )
    torch.testing.assert_close(critic.of_policy(state, probability), total)


def test_the_memory_keeps_the_newest_steps_and_draws_the_same_after_a_restart() -> None:
    memory = Memory(5)
    for start in (0, 3, 6):
        memory.add({"number": torch.arange(start, start + 3), "double": 2 * torch.arange(start, start + 3)})
    assert len(memory) == 5 and memory.total == 9 and len(memory.chunks) == 2
    numbers, doubles = memory.draw(200, torch.Generator().manual_seed(1), "number", "double")
    assert set(numbers.tolist()) == {4, 5, 6, 7, 8} and torch.equal(doubles, 2 * numbers)
    again = Memory(5)
    again.restart(memory.chunks)
    assert torch.equal(again.draw(200, torch.Generator().manual_seed(1), "number")[0], numbers)


def test_a_place_that_is_not_known_is_not_guessed() -> None:
    def scene(**places: tuple[float, float, float]) -> SimpleNamespace:
        poses = [SimpleNamespace(position=SimpleNamespace(x=x, y=y, z=z)) for x, y, z in places.values()]
        return SimpleNamespace(object_names=list(places), object_poses=poses)

    found = objects_from_message(scene(other=(1.0, 1.0, 1.0), target=(0.4, 0.1, 0.0)), ("target",))
    assert found is not None and found.tolist() == [0.4, 0.1, 0.0]
    assert objects_from_message(scene(other=(1.0, 1.0, 1.0)), ("target",)) is None
    assert objects_from_message(scene(target=(float("nan"), 0.1, 0.0)), ("target",)) is None


@pytest.mark.parametrize("method", ["progressive", "finetuned"])
def test_a_joint_learns_which_speed_is_worth_a_point(tmp_path: Path, method: str) -> None:
    base = policy(tmp_path)
    rule = replace(RULE, hidden=32, critic_batch=64, policy_batch=32, discount=0.0, horizon=1, warm_up=64, kept=500)
    rule = replace(rule, critic_rate=3e-3, critic_updates=1.0, policy_updates=0.5, target_rate=0.05)
    learner = EmbeddedLearner(
        base, Settings(method, algorithm=ASYMMETRIC, learning_rate=3e-3, batch_steps=32, asymmetric=rule), 1
    )
    torch.manual_seed(0)
    shares = []
    for number in range(14):
        shown = drawn(learner.network, run(number, steps=32))
        shares.append(shown.total_reward / 32)
        report = learner.learn(shown)
        assert report is not None and report.steps == 32
        assert report.ratio == pytest.approx(1.0, abs=1e-3)
    assert shares[0] < 0.6 and np.mean(shares[-3:]) > 0.8


def test_the_same_runs_give_the_same_weights_and_only_the_new_column_learns(tmp_path: Path) -> None:
    base = policy(tmp_path)
    learners = [EmbeddedLearner(base, SMALL, seed=3) for _ in range(3)]
    start = learners[0].snapshot().weights
    for learner, first in zip(learners, (0, 0, 50), strict=True):
        for episode in range(4):
            learner.learn(run(first + episode))
    weights = [learner.snapshot().weights for learner in learners]
    assert equal(weights[0], weights[1]) and not equal(weights[0], weights[2])
    changed = {name for name in start if not torch.equal(start[name], weights[0][name])}
    assert changed and all(name.startswith("columns.1.") for name in changed)


def test_it_goes_on_from_its_last_version_although_its_oldest_steps_are_gone(tmp_path: Path) -> None:
    base = policy(tmp_path / "base")

    def session(folder: str) -> LearningSession:
        return LearningSession(load_checkpoint(base.folder), ARM, SMALL, 5, VersionStore(tmp_path / folder), print)

    straight, second = straight_and_killed(session, 7, 5)
    assert second.word.version == straight.word.version == 8
    assert second.word.sha256 == straight.word.sha256
    assert equal(second.learner.snapshot().moments, straight.learner.snapshot().moments)
    # What the newest version has forgotten stays on the disk while older ones are there that have not, and is not read again.
    store = VersionStore(tmp_path / "killed")
    assert len(store.experience(8)) == 7 and len(store.load(8).experience) == 3


def test_what_no_version_holds_any_more_leaves_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "KEPT_NEWEST", 2)
    base = policy(tmp_path / "base")
    folder = tmp_path / "run"
    learning = LearningSession(load_checkpoint(base.folder), ARM, SMALL, 5, VersionStore(folder), print)
    play(learning, 0, 5)
    store = VersionStore(folder)
    assert store.numbers() == [5, 6]
    # A version holds 3 updates' steps: the older of the two those of its own and of the two before it.
    assert [int(path.stem) for path in store.experience(6)] == [3, 4, 5, 6]
    assert len(store.load(5).experience) == 3
    learning._store.anchor = 5
    play(learning, 5, 9)
    assert store.numbers() == [5, 9, 10]
    assert [int(path.stem) for path in store.experience(10)] == [3, 4, 5, 7, 8, 9, 10]
    assert len(store.load(5).experience) == len(store.load(10).experience) == 3
    store.experience(10)[-2].unlink()
    with pytest.raises(ConfigError, match=r"Version 10 in .* cannot be learned on: .*000009\.safetensors"):
        store.load(10)


def test_a_policy_that_remembers_and_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Policy 'tiny' has an LSTM; learning by 'asymmetric' takes steps one by one"):
        EmbeddedLearner(policy(tmp_path, lstm=8), SMALL)
    with pytest.raises(ConfigError, match="Asymmetric learning needs a kept above 0, got 0"):
        AsymmetricSettings(kept=0)
    with pytest.raises(ConfigError, match="a discount from 0 to below 1, got 1"):
        AsymmetricSettings(discount=1.0)
