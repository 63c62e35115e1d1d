"""A recipe for A3C: everything that a run depends on besides its seed. Its YAML file is beside those of the other recipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jaco_core.errors import ConfigError
from jaco_learner.recipe import Stage, read_recipe, start_distance, stretched

ALGORITHM = "a3c"
# Auxiliary heads and the weight of their loss where one is asked for by name: the least of the paper's range, 1 to 10.
HEADS = {"depth": 1.0, "closure": 1.0}


@dataclass(frozen=True)
class A3cRecipe:
    """The fields of a recipe's YAML file, in its order."""

    name: str
    algorithm: str
    task: str
    arm: str
    profile: str
    workers: int
    environments: int
    steps: int
    physics_step_s: float
    stages: tuple[Stage, ...]
    hidden: int
    lstm: int
    learning_rate: float
    final_learning_rate: float
    decay: float
    epsilon: float
    discount: float
    trace: float
    value_weight: float
    entropy: float
    final_entropy: float
    gradient_norm: float
    near_starts_m: float
    near_starts_until: float
    depth_weight: float
    closure_weight: float

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("workers", "environments", "steps", "hidden", "lstm")}
        for name, count in {**counts, "stages": len(self.stages)}.items():
            if count < 1:
                raise ConfigError(f"Recipe '{self.name}': {name} must be at least 1, got {count}.")
        if not 0.0 <= self.near_starts_until < 1.0:
            raise ConfigError(f"Recipe '{self.name}': near_starts_until must lie in [0, 1), got {self.near_starts_until}.")

    @property
    def frames(self) -> int:
        """Frames over all stages."""
        return sum(stage.frames for stage in self.stages)

    def with_frames(self, frames: int) -> A3cRecipe:
        """Returns the recipe shortened or stretched to `frames`, the stages in proportion."""
        return replace(self, stages=stretched(self.stages, frames))

    def with_heads(self, names: Sequence[str]) -> A3cRecipe:
        """Returns the recipe with these auxiliary heads and no others.

        Raises:
            ConfigError: there is no such head.
        """
        unknown = [name for name in names if name not in HEADS]
        if unknown:
            raise ConfigError(f"There is no auxiliary head '{unknown[0]}'; known: {', '.join(HEADS)}.")
        depth, closure = (HEADS[name] if name in names else 0.0 for name in ("depth", "closure"))
        return replace(self, depth_weight=depth, closure_weight=closure)

    def stage_at(self, progress: float) -> int:
        """Returns the index of the stage that the share `progress` of the run lies in."""
        ends = [sum(stage.frames for stage in self.stages[: number + 1]) for number in range(len(self.stages))]
        return next((number for number, end in enumerate(ends) if progress < end / self.frames), len(ends) - 1)

    def learning_rate_at(self, progress: float) -> float:
        """Returns the learning rate, which falls linearly."""
        return self.learning_rate + progress * (self.final_learning_rate - self.learning_rate)

    def entropy_at(self, progress: float) -> float:
        """Returns the weight of the entropy bonus, which changes linearly."""
        return self.entropy + progress * (self.final_entropy - self.entropy)

    def start_distance_at(self, progress: float) -> float:
        """Returns how far from the target an episode may start [m]; infinite once the curriculum is over."""
        return start_distance(self.near_starts_m, self.near_starts_until, progress)


def is_a3c(name: str) -> bool:
    """Tells whether the recipe called `name` is one for A3C.

    Raises:
        ConfigError: no such recipe.
    """
    return bool(read_recipe(name).get("algorithm") == ALGORITHM)


def load_a3c_recipe(name: str) -> A3cRecipe:
    """Returns the recipe called `name`.

    Raises:
        ConfigError: no such recipe, it is for another algorithm, or its file breaks a rule.
    """
    data: dict[str, Any] = read_recipe(name)
    if data.get("algorithm") != ALGORITHM:
        raise ConfigError(f"Recipe '{name}' is not for A3C.")
    return A3cRecipe(**data)
