"""Acting on one image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from policy_support import ARM, save_policy

from jaco_core.errors import ContractError
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.inference import PolicyRuntime

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)


def runtime(folder: Path, lstm: int = 0, **options: object) -> PolicyRuntime:
    save_policy(folder, lstm)
    return PolicyRuntime(load_checkpoint(folder, ARM), **options)


def test_an_action_is_a_velocity_of_the_card(tmp_path: Path) -> None:
    policy = runtime(tmp_path)
    decision = policy.act(IMAGES[0])
    np.testing.assert_array_equal(decision.velocity, policy.card.speeds[np.arange(9), decision.action])
    assert decision.log_probability < 0.0
    assert np.isfinite(decision.value)
    again = policy.act(IMAGES[0])
    np.testing.assert_array_equal(again.action, decision.action)
    assert again.log_probability == decision.log_probability


def test_one_frame_takes_single_milliseconds(tmp_path: Path) -> None:
    policy = runtime(tmp_path, lstm=128)
    assert np.median([policy.act(IMAGES[index % 5]).seconds for index in range(50)]) < 0.01


def test_drawn_actions_repeat_with_their_seed(tmp_path: Path) -> None:
    def actions(seed: int) -> list[list[int]]:
        policy = runtime(tmp_path, deterministic=False, seed=seed)
        return [policy.act(IMAGES[index % 5]).action.tolist() for index in range(20)]

    assert actions(1) == actions(1)
    assert actions(1) != actions(2)


def test_an_episode_starts_without_memory_of_the_last(tmp_path: Path) -> None:
    policy = runtime(tmp_path, lstm=8)
    first = [policy.act(image).log_probability for image in IMAGES]
    carried = [policy.act(image).log_probability for image in IMAGES]
    policy.begin_episode()
    assert [policy.act(image).log_probability for image in IMAGES] == first
    assert carried != first


@pytest.mark.parametrize(
    "image", [np.zeros((32, 32, 3), np.uint8), np.zeros((64, 64, 3), np.float32), np.zeros((64, 64), np.uint8)]
)
def test_another_image_is_refused(tmp_path: Path, image: np.ndarray) -> None:
    with pytest.raises(ContractError, match="reads uint8 images of shape"):
        runtime(tmp_path).act(image)
