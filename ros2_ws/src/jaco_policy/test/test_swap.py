"""New weights: between episodes, checked, refused when anything is wrong, taken back when they do worse."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from policy_support import ARM, save_policy
from safetensors.torch import load_file, save

from jaco_core.types import ENDED, RUNNING, EpisodeStatus
from jaco_policy.checkpoint import load_checkpoint, save_checkpoint
from jaco_policy.grown import GrownSpec
from jaco_policy.guard import EpisodeScore, Guard, GuardRule
from jaco_policy.succession import LearnerWord, Succession
from jaco_policy.swap import WeightSwap, load_runtime

RULE = GuardRule(window=4, early=2)


class Stage:
    """A swap on a policy in `folder`/1, with a place for further versions."""

    def __init__(self, folder: Path, task: str = "") -> None:
        self.folder = folder
        save_policy(folder / "1")
        self.said: list[str] = []
        runtime = load_runtime(folder / "1", ARM, True, 0)
        self.swap = WeightSwap(
            runtime, ARM, Guard(RULE, 1), lambda path, version: load_runtime(path, ARM, True, version), self.said.append, task
        )
        for _ in range(RULE.early):
            self.play(30.0)

    def version(self, number: int, branch: int = 0) -> Path:
        """Writes a grown version."""
        path = self.folder / str(number)
        base = load_checkpoint(self.folder / "1", ARM)
        torch.manual_seed(number)
        base.network.grow(GrownSpec((4, 4), 8))
        card = replace(base.card, training={"version": number, "branch": branch})
        save_checkpoint(path, card, base.network)
        return path

    def offer(self, number: int, path: Path, digest: str = "") -> None:
        digest = digest or json.loads((path / "card.json").read_text()).get("sha256", "") if path.exists() else "none"
        self.swap.offer(path, digest, number)
        loader = self.swap._loader
        if loader is not None:
            loader.join(60.0)

    def play(self, episode_return: float) -> int:
        """Plays an episode and returns the version that acted."""
        self.swap.begin_episode()
        acting = self.swap.acting.version
        self.swap.record(EpisodeScore(acting, episode_return, 0.0))
        return acting


def test_new_weights_act_from_the_next_episode_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.offer(2, stage.version(2))
    assert stage.swap.acting.version == 1
    assert stage.play(30.0) == 2
    assert stage.swap.acting.runtime.card.grown and not stage.said


def test_worse_weights_are_taken_back_and_only_a_new_branch_is_tried_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.offer(2, stage.version(2))
    assert [stage.play(1.0) for _ in range(2)] == [2, 2]
    stage.offer(3, stage.version(3))
    assert stage.play(30.0) == 1
    assert "Version 2 does worse; version 1 acts again." in stage.said
    stage.offer(4, stage.version(4, branch=1))
    assert stage.play(30.0) == 4


def test_trusted_weights_are_what_is_gone_back_to(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.offer(2, stage.version(2))
    assert [stage.play(31.0) for _ in range(4)] == [2] * 4
    stage.offer(3, stage.version(3))
    assert [stage.play(1.0) for _ in range(2)] == [3, 3]
    assert stage.play(30.0) == 2


def _damage(path: Path) -> None:
    weights = path / "policy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\x00\x01\x02\x03")


def _not_finite(path: Path) -> None:
    tensors = load_file(path / "policy.safetensors")
    tensors["columns.1.policy.weight"].fill_(float("nan"))
    _write(path, tensors)


def _too_large(path: Path) -> None:
    tensors = load_file(path / "policy.safetensors")
    tensors["columns.1.policy.weight"].fill_(3e38)
    tensors["columns.1.hidden.bias"].fill_(3e38)
    _write(path, tensors)


def _wrong_architecture(path: Path) -> None:
    tensors = load_file(path / "policy.safetensors")
    tensors["columns.1.hidden.weight"] = torch.zeros(3, 3)
    _write(path, tensors)


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    content = save(tensors)
    (path / "policy.safetensors").write_bytes(content)
    _edit(path, sha256=sha256(content).hexdigest())


def _edit(path: Path, **changes: object) -> None:
    card = path / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_damage, "damaged"),
        (_not_finite, "not finite, in 'columns.1.policy.weight'"),
        (_too_large, "an answer that is not finite"),
        (_wrong_architecture, "does not fit its card"),
        (lambda path: (path / "card.json").unlink(), "There is no policy in"),
        (lambda path: _edit(path, task="dance"), "Its task is dance, that of the policy before reach"),
        (lambda path: _edit(path, control_period_s=0.05), "Its control_period_s is 0.05"),
        (lambda path: _edit(path, action_speeds=[[-0.1, 0.0, 0.1]] * 9), "Its action_speeds is"),
        (lambda path: _edit(path, arm="gen3"), "is for arm 'gen3'"),
    ],
)
def test_what_is_wrong_is_refused_and_the_policy_goes_on(tmp_path: Path, damage: Callable[[Path], object], reason: str) -> None:
    stage = Stage(tmp_path)
    path = stage.version(2)
    damage(path)
    digest = "none" if not (path / "card.json").exists() else ""
    stage.offer(2, path, digest)
    assert stage.play(30.0) == 1
    assert len(stage.said) == 1 and stage.said[0].startswith("Version 2 was refused: ") and reason in stage.said[0]


def test_other_weights_than_announced_are_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.offer(2, stage.version(2), "0" * 64)
    assert stage.play(30.0) == 1 and "announced was 000000000000" in stage.said[0]


@pytest.mark.parametrize(("inputs", "acting"), [(18, 2), (9, 1)])
def test_a_policy_may_read_all_joints_and_nothing_else_beside_images(tmp_path: Path, inputs: int, acting: int) -> None:
    stage = Stage(tmp_path)
    base = load_checkpoint(tmp_path / "1", ARM)
    base.network.grow(GrownSpec((4, 4), 8, inputs=inputs, proprioception=4))
    save_checkpoint(tmp_path / "2", base.card, base.network)
    stage.offer(2, tmp_path / "2")
    assert stage.play(30.0) == acting
    assert acting == 2 or "reads 9 joint values beside images; the policy's node gives 18" in stage.said[0]


@pytest.mark.parametrize(("task", "acting"), [("conveyor", 2), ("", 1)])
def test_new_weights_are_for_the_task_that_is_learned(tmp_path: Path, task: str, acting: int) -> None:
    stage = Stage(tmp_path, task)
    base = load_checkpoint(stage.version(2), ARM)
    save_checkpoint(tmp_path / "2", replace(base.card, task="conveyor"), base.network)
    stage.offer(2, tmp_path / "2")
    assert stage.play(30.0) == acting
    assert acting == 2 or "Its task is conveyor, that of the policy before reach" in stage.said[0]


def test_an_old_version_is_not_loaded_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.offer(3, stage.version(3))
    assert stage.play(30.0) == 3
    stage.offer(2, stage.version(2))
    assert stage.play(30.0) == 3


def test_after_a_restart_the_last_version_acts_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    path = stage.version(9)
    fresh = Stage.__new__(Stage)
    fresh.said = []
    fresh.swap = WeightSwap(
        load_runtime(tmp_path / "1", ARM, True, 0),
        ARM,
        Guard(RULE, 1),
        lambda path, version: load_runtime(path, ARM, True, version),
        fresh.said.append,
    )
    fresh.offer(9, path)
    assert fresh.play(30.0) == 9


def test_in_lockstep_an_episode_waits_for_the_learner_and_the_supervisor(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    succession = Succession(stage.swap, lockstep=True, patience_s=5.0)
    assert not succession.ready(0.0, learner_present=True)
    assert succession.ready(0.1, learner_present=False)
    succession.on_word(LearnerWord(0, Path(), "", 1))
    assert succession.ready(0.2, learner_present=True)
    succession.begin()
    succession.on_step(100)
    succession.on_status(EpisodeStatus(200, "reach", RUNNING, step=1))
    succession.on_step(200)
    succession.on_status(EpisodeStatus(300, "reach", ENDED, step=2, episode_return=5.0))
    assert not succession.ready(1.0, learner_present=True)
    succession.on_word(LearnerWord(300, Path(), "", 1))
    assert not succession.ready(1.1, learner_present=True)
    succession.on_judged(200, ticks=10, changed_ticks=4)
    assert succession.ready(1.2, learner_present=True) and succession.timeouts == 0
    succession.begin()
    succession.on_status(EpisodeStatus(500, "reach", ENDED, step=2))
    assert not succession.ready(2.0, learner_present=True)
    assert succession.ready(7.1, learner_present=True) and succession.timeouts == 1


def test_an_episode_in_which_an_operator_helped_says_nothing_about_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    recorded: list[tuple[float, float]] = []
    monkeypatch.setattr(stage.swap, "record", lambda score: recorded.append((score.episode_return, score.furthest_m)))
    succession = Succession(stage.swap, lockstep=False, patience_s=5.0)
    for episode, helped in enumerate((False, True, False)):
        begin = episode * 1000
        succession.on_step(begin + 100)
        succession.on_judged(begin + 100, ticks=10, changed_ticks=0, by_operator=helped)
        end = EpisodeStatus(begin + 200, "reach", ENDED, step=1, episode_return=float(episode), furthest_m=0.25)
        succession.on_status(end)
        # Between episodes an operator may do as he likes.
        succession.on_judged(begin + 200, ticks=10, changed_ticks=0, by_operator=True)
        succession.begin()
    assert recorded == [(0.0, 0.25), (2.0, 0.25)]


def test_in_real_time_nothing_waits(tmp_path: Path) -> None:
    succession = Succession(Stage(tmp_path).swap, lockstep=False, patience_s=5.0)
    assert succession.ready(0.0, learner_present=True)
