"""Every episode's own seed, from the run's."""

from __future__ import annotations

import numpy as np


def episode_seed(run_seed: int, episode: int) -> int:
    """Returns the seed of episode number `episode` of a run: below 2**32, and as good as independent of its neighbours'."""
    return int(np.random.SeedSequence((run_seed, episode)).generate_state(1)[0])
