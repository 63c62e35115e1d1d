"""What each standard algorithm wants to know besides what all do: the `settings` of a recipe. A frame is a step of one arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Replayed:
    """Of an algorithm that learns from a memory of `buffer` frames, once it holds `warm_up`.

    Every `every` steps of all arms follow `updates` updates, each on `batch` frames.
    """

    buffer: int
    warm_up: int
    batch: int
    every: int
    updates: int


@dataclass(frozen=True)
class SacSettings(Replayed):
    """Of SAC. `temperature`: the entropy's weight at first, which it learns; `smoothing`: share of the way that targets go."""

    temperature: float
    smoothing: float


@dataclass(frozen=True)
class DqnSettings(Replayed):
    """Of DQN. `target_every`: frames between two copies to the target network.

    `exploration`: share of random choices, which falls to `final_exploration` by the share `exploration_until` of the run.
    """

    target_every: int
    exploration: float
    final_exploration: float
    exploration_until: float
    gradient_norm: float


@dataclass(frozen=True)
class QrDqnSettings(DqnSettings):
    """Of DQN with quantile regression: how many `quantiles` stand for the distribution of returns."""

    quantiles: int


@dataclass(frozen=True)
class A2cSettings:
    """Of A2C. `steps`: per arm and update; `trace`: GAE's lambda, 1 for n-step returns."""

    steps: int
    trace: float
    value_weight: float
    entropy: float
    gradient_norm: float


@dataclass(frozen=True)
class GailSettings(A2cSettings):
    """Of GAIL, PPO's first: a rollout is gone over `epochs` times in parts of `minibatch` frames.

    `demonstrations`: frames that the expert shows, at least. After each rollout the discriminator makes `discriminator_updates`,
    on `discriminator_batch` of its frames and as many of the expert's.
    """

    epochs: int
    minibatch: int
    clip: float
    demonstrations: int
    discriminator_updates: int
    discriminator_batch: int
    discriminator_rate: float
    gradient_penalty: float


Settings = SacSettings | DqnSettings | QrDqnSettings | A2cSettings | GailSettings

SETTINGS: Mapping[str, type[Settings]] = {
    "sac": SacSettings,
    "dqn": DqnSettings,
    "qrdqn": QrDqnSettings,
    "a2c": A2cSettings,
    "gail": GailSettings,
}
"""By the algorithm's name in a recipe."""
