"""A training recipe: everything that a run depends on besides its seed. One YAML file per recipe in recipes/, found by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from jaco_core.errors import ConfigError

OBSERVATIONS = ("pixels", "state")


@dataclass(frozen=True)
class Stage:
    """`frames` of training with `mesh_fraction` of the arm's triangles drawn."""

    frames: int
    mesh_fraction: float


@dataclass(frozen=True)
class Weights:
    """Of the losses: the policy's own, its entropy bonus, and the divergence from the guide."""

    policy: float
    entropy: float
    imitation: float


@dataclass(frozen=True)
class Recipe:
    """The fields of a recipe's YAML file, in its order."""

    name: str
    task: str
    arm: str
    profile: str
    observation: str
    workers: int
    environments: int
    steps: int
    physics_step_s: float
    margin_m: float
    stages: tuple[Stage, ...]
    convolutions: tuple[tuple[int, int, int], ...]
    hidden: int
    lstm: int
    epochs: int
    minibatch: int
    learning_rate: float
    final_learning_rate: float
    clip: float
    discount: float
    trace: float
    entropy: float
    final_entropy: float
    gradient_norm: float
    auxiliary_weight: float
    imitation: float
    imitation_until: float
    segment: int

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("workers", "environments", "steps", "epochs", "minibatch", "segment")}
        for name, count in {**counts, "stages": len(self.stages)}.items():
            if count < 1:
                raise ConfigError(f"Recipe '{self.name}': {name} must be at least 1, got {count}.")
        if self.environments % self.workers:
            raise ConfigError(
                f"Recipe '{self.name}': {self.environments} environments cannot be shared evenly by {self.workers} workers."
            )
        if self.observation not in OBSERVATIONS:
            raise ConfigError(f"Recipe '{self.name}': observation is '{self.observation}'; known: {', '.join(OBSERVATIONS)}.")

    def weights_at(self, progress: float) -> Weights:
        """Returns the weights of the losses when the share `progress` of the run is over.

        While the guide is imitated the policy moves further per update than its own rollouts can judge: their weight comes later.
        """
        led = progress / self.imitation_until if self.imitation > 0.0 else 1.0
        entropy = self.entropy + progress * (self.final_entropy - self.entropy)
        return Weights(min(1.0, max(0.0, 2.0 * led - 1.0)), entropy, self.imitation * max(0.0, 1.0 - led))

    @property
    def frames(self) -> int:
        """Frames over all stages."""
        return sum(stage.frames for stage in self.stages)

    def with_frames(self, frames: int) -> Recipe:
        """Returns the recipe shortened or stretched to `frames`, the stages in proportion."""
        stages = tuple(Stage(round(stage.frames * frames / self.frames), stage.mesh_fraction) for stage in self.stages)
        return replace(self, stages=stages)


def recipe_names() -> list[str]:
    """Returns the names of the recipes that are known."""
    folder = files("jaco_learner") / "recipes"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def recipe_for(name: str, profile: str | None) -> Recipe:
    """Returns the recipe called `name`; for another `profile` than its own the one made for it, `name`_`profile`, if there is.

    Raises:
        ConfigError: no such recipe, or its file breaks a rule.
    """
    recipe, own = load_recipe(name), own_name(name, profile)
    if profile in (None, recipe.profile):
        return recipe
    return load_recipe(own) if own in recipe_names() else replace(recipe, name=own, profile=str(profile))


def own_name(name: str, profile: str | None) -> str:
    """Returns the name of the recipe called `name` under another `profile`, whose own is a name, or a file's path."""
    return f"{name}_{Path(profile).stem if profile and profile.endswith('.yaml') else profile}"


def read_recipe(name: str) -> dict[str, Any]:
    """Returns the fields of the recipe called `name`, whatever its algorithm.

    Raises:
        ConfigError: no such recipe.
    """
    if name not in recipe_names():
        raise ConfigError(f"There is no recipe '{name}'; known recipes: {', '.join(recipe_names())}.")
    data: dict[str, Any] = yaml.safe_load((files("jaco_learner") / "recipes" / f"{name}.yaml").read_text())
    data["stages"] = tuple(Stage(int(stage["frames"]), float(stage["mesh_fraction"])) for stage in data["stages"])
    return data


def load_recipe(name: str) -> Recipe:
    """Returns the recipe called `name`, which must be one for PPO.

    Raises:
        ConfigError: no such recipe, it is for another algorithm, or its file breaks a rule.
    """
    data = read_recipe(name)
    if "algorithm" in data:
        raise ConfigError(f"Recipe '{name}' is for {data['algorithm']}, not for PPO.")
    data["convolutions"] = tuple(tuple(int(number) for number in layer) for layer in data["convolutions"])
    return Recipe(**data)
