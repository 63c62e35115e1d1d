"""The judge that counts episodes."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.types import ENDED, RUNNING, WAITING, EpisodeStatus, JointSample, SceneSample
from jaco_tasks.episode import EpisodeJudge
from jaco_tasks.registry import make_task

ARM = load_arm("j2n6s300")
TARGET = np.array([0.4, 0.0, 0.035])
FAR = np.array([0.4, 0.0, 0.5])


@pytest.fixture
def judge() -> EpisodeJudge:
    return EpisodeJudge(make_task("reach"), ARM)


def observe(judge: EpisodeJudge, palm: np.ndarray, *contacts: str) -> EpisodeStatus:
    joints = JointSample(0, ARM.joint_names, ARM.home, np.zeros(len(ARM)))
    return judge.observe(0, joints, SceneSample(0, {"target": TARGET}, contacts), palm)


def test_nothing_counts_before_an_episode_begins(judge: EpisodeJudge) -> None:
    assert observe(judge, TARGET).phase == WAITING


def test_fifty_steps_with_one_reward_each_end_in_success(judge: EpisodeJudge) -> None:
    judge.begin(episode=3, seed=17)
    first = observe(judge, TARGET)
    assert (first.phase, first.step, first.reward, first.episode, first.seed) == (RUNNING, 0, 0.0, 3, 17)
    steps = [observe(judge, TARGET) for _ in range(50)]
    assert [status.step for status in steps] == list(range(1, 51))
    assert all(status.phase == RUNNING for status in steps[:-1])
    last = steps[-1]
    assert (last.phase, last.episode_return, last.success, last.reason) == (ENDED, 50.0, True, "time limit")
    assert last.truncated and not last.terminated


def test_success_is_where_the_palm_is_at_the_end(judge: EpisodeJudge) -> None:
    judge.begin(0, 0)
    statuses = [observe(judge, TARGET if step < 50 else FAR) for step in range(51)]
    assert (statuses[-1].success, statuses[-1].episode_return) == (False, 49.0)
    judge.begin(1, 1)
    statuses = [observe(judge, FAR if step < 50 else TARGET) for step in range(51)]
    assert (statuses[-1].success, statuses[-1].episode_return) == (True, 1.0)


def test_a_failure_terminates_and_stays(judge: EpisodeJudge) -> None:
    judge.begin(0, 0)
    observe(judge, FAR)
    status = observe(judge, TARGET, "finger_1|table")
    assert (status.phase, status.terminated, status.truncated, status.success) == (ENDED, True, False, False)
    assert status.reason == "table contact (finger_1|table)"
    assert observe(judge, TARGET) is status


def test_an_episode_that_is_cut_short_is_truncated_and_keeps_what_it_earned(judge: EpisodeJudge) -> None:
    judge.begin(0, 0)
    for _ in range(3):
        observe(judge, TARGET)
    end = judge.abort(7, "paused")
    assert (end.stamp_ns, end.phase, end.reason, end.reward, end.episode_return) == (7, ENDED, "paused", 0.0, 2.0)
    assert end.truncated and not end.terminated and not end.success
    assert observe(judge, TARGET) is end
