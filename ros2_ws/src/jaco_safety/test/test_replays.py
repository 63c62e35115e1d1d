"""Recordings of policies, for every arm, and what disturbs them."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import arm_names, load_arm
from jaco_safety.replays import DISTURBANCES, recordings, replay


def test_recordings_move_most_joints_within_their_speeds() -> None:
    episodes = recordings()
    assert len(episodes) >= 20
    moved = np.any([np.any(episode != 0.0, axis=0) for episode in episodes], axis=0)
    assert moved.sum() >= 6
    assert max(np.abs(episode).max() for episode in episodes) == pytest.approx(0.95)


@pytest.mark.parametrize("name", arm_names())
def test_replay_is_of_the_arms_joints_and_a_function_of_the_random_numbers(name: str) -> None:
    arm = load_arm(name)
    first, again = (replay(arm, np.random.default_rng(5)) for _ in range(2))
    assert first.shape == (len(recordings()[0]), len(arm))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", sorted(set(DISTURBANCES) - {"as recorded"}))
def test_disturbance_changes_the_recording_and_not_its_source(name: str) -> None:
    shares = recordings()[2]
    before = shares.copy()
    results = [DISTURBANCES[name](shares, np.random.default_rng(seed)) for seed in range(5)]
    assert all(disturbed.shape == shares.shape for disturbed in results)
    assert not all(np.array_equal(disturbed, before) for disturbed in results)
    assert np.array_equal(shares, before)


def test_stuck_repeats_a_step_that_moves() -> None:
    disturbed = DISTURBANCES["stuck"](recordings()[0], np.random.default_rng(1))
    assert disturbed[-1].any() and np.array_equal(disturbed[-1], disturbed[-2])
