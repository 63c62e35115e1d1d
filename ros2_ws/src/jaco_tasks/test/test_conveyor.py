"""The conveyor task: how its target moves, and what is as in reach."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.types import JointSample, SceneSample
from jaco_tasks.conveyor import TRACK_S, Conveyor
from jaco_tasks.reach import TARGET, Reach
from jaco_tasks.task import Layout

ARM = load_arm("j2n6s300")
TASK = Conveyor()
EPISODE_S = TASK.max_steps * TASK.control_period_s


def layout(seed: int) -> Layout:
    return TASK.sample_layout(ARM, np.random.default_rng(seed))


def ways(seeds: int, step_s: float) -> np.ndarray:
    """Returns the target's places [m] every `step_s` over an episode of each seed, shape (seeds, k, 3)."""
    times = np.arange(0.0, EPISODE_S, step_s)
    return np.array([[track.at(t) for t in times] for track in (layout(seed).tracks[TARGET] for seed in range(seeds))])


def test_the_target_starts_where_reach_puts_it_and_a_seed_gives_the_same_way() -> None:
    reach = Reach().sample_layout(ARM, np.random.default_rng(3))
    first, again = layout(3), layout(3)
    np.testing.assert_array_equal(first.joint_position, reach.joint_position)
    np.testing.assert_array_equal(first.objects[TARGET], reach.objects[TARGET])
    np.testing.assert_array_equal(first.tracks[TARGET].at(0.0), reach.objects[TARGET])
    for seconds in (0.1, 2.5, 4.9):
        np.testing.assert_array_equal(first.tracks[TARGET].at(seconds), again.tracks[TARGET].at(seconds))
    assert not np.array_equal(first.tracks[TARGET].at(2.0), layout(4).tracks[TARGET].at(2.0))


def test_it_goes_straight_across_the_table_at_one_speed_and_never_leaves_it() -> None:
    step_s = 0.05
    places = ways(60, step_s)
    assert np.ptp(places[:, :, (0, 2)], axis=1).max() == 0.0
    y = places[:, :, 1]
    assert y.min() >= TASK.target_low[1] and y.max() <= TASK.target_high[1]
    speeds = np.abs(np.diff(y, axis=1)) / step_s
    own = np.median(speeds, axis=1)
    slow, fast = TASK.belt_speed
    assert own.min() >= slow and own.max() <= fast and np.ptp(own) > 0.8 * (fast - slow)
    # Only a step in which it turns is shorter.
    assert (speeds <= own[:, None] + 1e-9).all()
    turned = speeds < own[:, None] - 1e-9
    assert 0.2 < turned.sum(axis=1).mean() < 4.0


def test_it_turns_in_the_middle_too_and_sets_off_to_either_side() -> None:
    points = [layout(seed).tracks[TARGET].points[:, 1] for seed in range(60)]
    inner = [((each[1:] > TASK.target_low[1] + 0.01) & (each[1:] < TASK.target_high[1] - 0.01)).any() for each in points]
    assert np.mean(inner) > 0.5
    assert 0.2 < np.mean([each[1] > each[0] for each in points]) < 0.8
    assert min(layout(seed).tracks[TARGET].times[-1] for seed in range(60)) >= TRACK_S > EPISODE_S


def test_the_target_is_told_to_move_and_is_judged_where_it_is() -> None:
    assert [item.moves for item in TASK.objects] == [True] and not any(item.moves for item in Reach().objects)
    joints = JointSample(0, ARM.joint_names, ARM.home, np.zeros(len(ARM)))
    palm = np.array([0.4, 0.0, 0.08])
    rewards = [TASK.judge(ARM, joints, SceneSample(0, {TARGET: np.array([0.4, y, 0.035])}), palm).reward for y in (0.0, 0.2)]
    assert rewards == [1.0, 0.0]
    with pytest.raises(ContractError, match="Task 'conveyor' needs an object 'target'; the scene has none"):
        TASK.judge(ARM, joints, SceneSample(0, {}), palm)
