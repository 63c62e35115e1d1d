"""What played episodes come to."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.types import ENDED, EpisodeStatus
from jaco_learner.scoring import PlayedEpisode, score


def played(episode_return: float, success: bool, reach_step: int | None, reason: str = "") -> PlayedEpisode:
    status = EpisodeStatus(
        0, "reach", ENDED, step=50, episode_return=episode_return, success=success, reason=reason, terminated=bool(reason)
    )
    return PlayedEpisode(status, reach_step, 0.5, np.zeros(3, np.float32), np.zeros((64, 64, 3), np.uint8))


def test_rates_means_and_failures() -> None:
    scores = score([played(40.0, True, 10), played(0.0, False, None, "table contact")], control_period_s=0.1)
    assert (scores.episodes, scores.success_rate, scores.mean_return) == (2, 0.5, 20.0)
    assert scores.mean_reach_time_s == pytest.approx(1.0) and scores.mean_path_m == 0.5
    assert scores.failures == {"table contact": 1}
    low, high = scores.success_interval
    assert 0.0 < low < 0.5 < high < 1.0


def test_nobody_reached() -> None:
    assert score([played(0.0, False, None)], 0.1).mean_reach_time_s is None
