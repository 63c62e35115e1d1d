"""What shipped policies proposed, recorded step by step, to replay against the filter: as it was, and disturbed.

The recordings in config/replays are made by `python3 -m jaco_bringup.bench.rollouts`. They are of the Jaco; another arm's joints
take the proposals of the Jaco's joints in turn, each as a share of its own top speed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm

Shares = NDArray[np.float64]
"""Proposals as shares of the joints' top speeds, shape (steps, n)."""

# Policies act at 10 Hz, the filter at 100 Hz.
TICKS_PER_STEP = 10
# Proposals beyond top speed are attacks, too.
_LARGEST_SCALE = 3.0


@lru_cache
def recordings() -> tuple[Shares, ...]:
    """Returns every recorded episode of every policy."""
    folder = files(__package__) / "config" / "replays"
    episodes: list[Shares] = []
    for source in sorted(folder.iterdir(), key=lambda entry: entry.name):
        with source.open("rb") as stream, np.load(stream, allow_pickle=False) as recorded:
            episodes += [episode / 100.0 for episode in recorded["percent"]]
    return tuple(episodes)


def _as_recorded(shares: Shares, rng: np.random.Generator) -> Shares:
    return shares


def _scaled(shares: Shares, rng: np.random.Generator) -> Shares:
    return shares * rng.uniform(0.1, _LARGEST_SCALE)


def _delayed(shares: Shares, rng: np.random.Generator) -> Shares:
    """Every joint by a number of steps of its own."""
    count, joints = shares.shape
    step = (np.arange(count)[:, None] - rng.integers(0, count, joints)) % count
    delayed: Shares = shares[step, np.arange(joints)]
    return delayed


def _shuffled(shares: Shares, rng: np.random.Generator) -> Shares:
    shuffled: Shares = shares[rng.permutation(len(shares))]
    return shuffled


def _sign_flipped(shares: Shares, rng: np.random.Generator) -> Shares:
    flipped: Shares = shares * rng.choice([-1.0, 1.0], shares.shape[1])
    return flipped


def _stuck(shares: Shares, rng: np.random.Generator) -> Shares:
    """From some step on always the same: one that moves, if there is one."""
    moving = np.flatnonzero(shares.any(axis=1))
    step = int(rng.choice(moving)) if len(moving) else 0
    return np.concatenate([shares[:step], np.repeat(shares[step : step + 1], len(shares) - step, axis=0)])


def _joints_swapped(shares: Shares, rng: np.random.Generator) -> Shares:
    swapped: Shares = shares[:, rng.permutation(shares.shape[1])]
    return swapped


DISTURBANCES: Mapping[str, Callable[[Shares, np.random.Generator], Shares]] = MappingProxyType(
    {
        "as recorded": _as_recorded,
        "scaled": _scaled,
        "delayed": _delayed,
        "shuffled": _shuffled,
        "sign-flipped": _sign_flipped,
        "stuck": _stuck,
        "joints swapped": _joints_swapped,
    }
)


def replay(arm: Arm, rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns the proposals [rad/s] of a recorded episode for `arm`, shape (steps, n), with a disturbance that `rng` draws.

    A step lasts TICKS_PER_STEP ticks.
    """
    episodes = recordings()
    shares = episodes[int(rng.integers(len(episodes)))]
    shares = shares[:, np.arange(len(arm)) % shares.shape[1]]
    disturb = list(DISTURBANCES.values())[int(rng.integers(len(DISTURBANCES)))]
    velocity: NDArray[np.float64] = disturb(shares, rng) * arm.max_velocity
    return velocity
