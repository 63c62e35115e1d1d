"""What played episodes come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import EpisodeStatus
from jaco_learner.interval import wilson_interval


@dataclass(frozen=True)
class PlayedEpisode:
    """How one episode ended.

    `reach_step`: the step of its first reward, None without one. `path_m`: way of the palm [m]. `target`: where the first object
    stood at the start, shape (3,), base frame [m]. `last_image`: the last picture before the end, uint8 RGB.
    """

    status: EpisodeStatus
    reach_step: int | None
    path_m: float
    target: NDArray[np.float32]
    last_image: NDArray[np.uint8]


@dataclass(frozen=True)
class Scores:
    """Over `episodes` episodes. `failures`: how many ended for each reason other than the time limit.

    `success_interval`: 95 % confidence interval of the rate. `mean_reach_time_s`: from the start to the first reward, over the
    episodes that have one, None when none has. `mean_path_m`: way of the palm.
    """

    episodes: int
    success_rate: float
    success_interval: tuple[float, float]
    mean_return: float
    mean_steps: float
    mean_reach_time_s: float | None
    mean_path_m: float
    failures: dict[str, int]


def score(played: Sequence[PlayedEpisode], control_period_s: float) -> Scores:
    """Returns what `played`, at least one episode, comes to."""
    statuses = [episode.status for episode in played]
    times = [episode.reach_step * control_period_s for episode in played if episode.reach_step is not None]
    successes = sum(status.success for status in statuses)
    return Scores(
        len(played),
        successes / len(played),
        wilson_interval(successes, len(played)),
        float(np.mean([status.episode_return for status in statuses])),
        float(np.mean([status.step for status in statuses])),
        float(np.mean(times)) if times else None,
        float(np.mean([episode.path_m for episode in played])),
        dict(Counter(status.reason for status in statuses if status.terminated)),
    )
