"""The reach task: starts, reward and what ends it."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import Arm, load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import JointSample, SceneSample
from jaco_tasks.reach import Reach

TARGET = np.array([0.4, 0.0, 0.035])
UP = np.array([0.0, 0.0, 1.0])


@pytest.fixture
def arm() -> Arm:
    return load_arm("j2n6s300")


def joints(arm: Arm, **angles: float) -> JointSample:
    position = np.array(arm.home)
    for name, angle in angles.items():
        position[arm.joint_names.index(name)] = angle
    return JointSample(0, arm.joint_names, position, np.zeros(len(arm)))


def scene(*contacts: str) -> SceneSample:
    return SceneSample(0, {"target": TARGET}, contacts)


@pytest.mark.parametrize(("distance", "reward"), [(0.0, 1.0), (0.099, 1.0), (0.101, 0.0), (0.5, 0.0)])
def test_one_for_a_palm_within_ten_centimetres(arm: Arm, distance: float, reward: float) -> None:
    judgement = Reach().judge(arm, joints(arm), scene(), TARGET + distance * UP)
    assert (judgement.reward, judgement.success, judgement.failure) == (reward, reward > 0.0, "")


def test_with_a_margin_only_what_is_closer_counts(arm: Arm) -> None:
    task = Reach(margin_m=0.02)
    rewards = [task.judge(arm, joints(arm), scene(), TARGET + distance * UP).reward for distance in (0.079, 0.081)]
    assert rewards == [1.0, 0.0]
    for margin_m in (-0.01, 0.1, float("nan")):
        with pytest.raises(ConfigError, match=f"takes a margin from 0 to below 0.1 m, got {margin_m}"):
            Reach(margin_m)


@pytest.mark.parametrize(
    ("contact", "failure"),
    [
        ("finger_1|table", "table contact (finger_1|table)"),
        ("hand|link_2", "self-collision (hand|link_2)"),
        ("base|finger_3", "self-collision (base|finger_3)"),
        ("finger_1|finger_2", ""),
        ("finger_1|hand", ""),
    ],
)
def test_contacts_end_it_unless_the_hand_closes(arm: Arm, contact: str, failure: str) -> None:
    judgement = Reach().judge(arm, joints(arm), scene(contact), TARGET)
    assert judgement.failure == failure
    assert judgement.success is (failure == "")


@pytest.mark.parametrize(
    ("angles", "failure"),
    [
        ({"joint_2": 0.825}, "joint limit (joint_2)"),
        ({"joint_3": 5.95}, "joint limit (joint_3)"),
        ({"joint_1": 40.0, "joint_6": -40.0}, ""),
        ({"finger_2": 1.345}, "joint limit (finger_2)"),
    ],
)
def test_a_joint_at_its_limit_ends_it(arm: Arm, angles: dict[str, float], failure: str) -> None:
    assert Reach().judge(arm, joints(arm, **angles), scene(), TARGET).failure == failure


def test_targets_fill_forty_by_thirty_centimetres_and_starts_keep_the_limits(arm: Arm) -> None:
    task, rng = Reach(), np.random.default_rng(0)
    layouts = [task.sample_layout(arm, rng) for _ in range(2000)]
    targets = np.array([layout.objects["target"] for layout in layouts])
    np.testing.assert_allclose(np.ptp(targets, axis=0), [0.30, 0.40, 0.0], atol=0.005)
    starts = np.array([layout.joint_position for layout in layouts])
    assert (starts > arm.lower + task.limit_margin).all() and (starts < arm.upper - task.limit_margin).all()
    assert (starts.std(axis=0) > 0.1).all()


def test_a_start_on_the_target_or_off_the_table_is_refused(arm: Arm) -> None:
    layout = Reach().sample_layout(arm, np.random.default_rng(0))
    target = layout.objects["target"]
    assert not Reach().accepts(layout, target + 0.09 * UP)
    assert not Reach().accepts(layout, np.array([-0.3, 0.0, 0.3]))
    assert Reach().accepts(layout, target + 0.25 * UP)


def test_a_scene_without_a_target_is_refused(arm: Arm) -> None:
    with pytest.raises(ContractError, match="needs an object 'target'; the scene has none"):
        Reach().judge(arm, joints(arm), SceneSample(0, {}), TARGET)
