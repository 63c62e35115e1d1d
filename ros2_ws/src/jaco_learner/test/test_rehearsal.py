"""Learning without the graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from embedded_support import ARM, equal, policy

from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.rehearsal import rehearse
from jaco_learner.embedded.settings import ASYMMETRIC, AsymmetricSettings, Settings
from jaco_learner.embedded.transition import Run
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene
from jaco_tasks.registry import make_task

SETTINGS = Settings(
    size="narrow",
    algorithm=ASYMMETRIC,
    batch_steps=60,
    asymmetric=AsymmetricSettings(hidden=16, critic_batch=16, policy_batch=8, warm_up=8, kept=500),
)


def rehearsed(folder: Path, steps: int) -> tuple[EmbeddedLearner, list[Run]]:
    scene = make_scene("reach", ARM.name, "nominal", 0.01, 0.2)
    environment = BatchEnv(scene, 2, 5, restart=False)
    try:
        learner = EmbeddedLearner(policy(folder), SETTINGS, 7)
        return learner, list(rehearse(learner, environment, steps, 3))
    finally:
        environment.close()


def test_whole_episodes_are_learned_from_and_a_seed_gives_the_same_weights(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir(), (tmp_path / "other").mkdir()
    learner, runs = rehearsed(tmp_path / "one", 120)
    assert sum(len(run.transitions) for run in runs) >= 120 and learner.version >= 2
    assert [run.transitions[0].episode for run in runs] == list(range(len(runs)))
    assert runs[0].transitions[0].version == 1 and runs[-1].transitions[0].version > 1
    task, joints = make_task("reach"), len(ARM)
    for run in runs:
        assert run.complete and (run.terminated or len(run.transitions) == task.max_steps)
        assert [step.step for step in run.transitions] == list(range(len(run.transitions)))
        first, second = run.transitions[:2]
        # At first the arm rests, and its target stays where it is; a joint that was told to move has been commanded by then.
        np.testing.assert_array_equal(first.known[:joints], 0.0)
        np.testing.assert_array_equal(first.known[joints:], run.final_known[joints:])
        np.testing.assert_array_equal(np.sign(second.known[:joints]), np.sign(first.action - 1))
        assert first.proprioception.shape == (2 * joints,) and not np.array_equal(first.image, run.final_image)
        assert first.log_probability is not None and first.log_probability < 0.0
    again, repeated = rehearsed(tmp_path / "other", 120)
    assert [run.total_reward for run in repeated] == [run.total_reward for run in runs]
    assert equal(again.network.state_dict(), learner.network.state_dict())


@pytest.mark.parametrize("seed", [0, 1])
def test_actions_are_the_policy_s_own(tmp_path: Path, seed: int) -> None:
    scene = make_scene("reach", ARM.name, "nominal", 0.01, 0.2)
    environment = BatchEnv(scene, 1, 0, restart=False)
    try:
        learner = EmbeddedLearner(policy(tmp_path), replace(SETTINGS, batch_steps=10_000), 7)
        run = next(rehearse(learner, environment, 1, seed))
    finally:
        environment.close()
    images = torch.from_numpy(np.stack([step.image for step in run.transitions]))
    felt = torch.from_numpy(np.stack([step.proprioception for step in run.transitions])).float()
    with torch.no_grad():
        chances = torch.log_softmax(learner.network(images, None, felt)[0].logits, -1)
    chosen = torch.from_numpy(np.stack([step.action for step in run.transitions]))
    expected = chances.gather(-1, chosen[..., None]).sum((-1, -2))
    told = torch.tensor([step.log_probability for step in run.transitions])
    torch.testing.assert_close(told, expected, atol=1e-4, rtol=0.0)
