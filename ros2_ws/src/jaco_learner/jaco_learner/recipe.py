"""A training recipe: everything that a run depends on besides its seed. One YAML file per recipe in recipes/, found by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import yaml

from jaco_core.errors import ConfigError

OBSERVATIONS = ("pixels", "state")
_NUMBERS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float)}
# Starts have the palm 0.14 m above the table and higher, and the fingers below it: with more hardly any would be free [m].
_MOST_TABLE_MARGIN_M = 0.1
T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """`frames` of training with `mesh_fraction` of the arm's triangles drawn."""

    frames: int
    mesh_fraction: float


class AnyRecipe(Protocol):
    """What every algorithm's recipe has. A frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def task(self) -> str:
        """The task's name."""

    @property
    def arm(self) -> str:
        """The arm's name."""

    @property
    def profile(self) -> str:
        """The simulator profile that is trained on."""

    @property
    def frames(self) -> int:
        """Frames over all stages."""


@dataclass(frozen=True)
class Weights:
    """Of the losses: the policy's own, its entropy bonus, and the divergence from the guide."""

    policy: float
    entropy: float
    imitation: float


@dataclass(frozen=True)
class Recipe:
    """The fields of a recipe's YAML file; `residual` and `spatial_softmax`, as a `ColumnSpec` has them, where it needs them.

    `table_margin_m`: what comes so near the table counts as touching it.
    """

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
    residual: tuple[int, ...] = ()
    spatial_softmax: bool = False
    table_margin_m: float = 0.0

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
        if not 0.0 <= self.table_margin_m <= _MOST_TABLE_MARGIN_M:
            raise ConfigError(
                f"Recipe '{self.name}': table_margin_m must be 0 to {_MOST_TABLE_MARGIN_M} m, got {self.table_margin_m}."
            )

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
        return replace(self, stages=stretched(self.stages, frames))


def stretched(stages: tuple[Stage, ...], frames: int) -> tuple[Stage, ...]:
    """Returns the stages, in proportion, with `frames` over all of them."""
    before = sum(stage.frames for stage in stages)
    return tuple(Stage(round(stage.frames * frames / before), stage.mesh_fraction) for stage in stages)


def start_distance(near_m: float, until: float, progress: float) -> float:
    """Returns how far from the target an episode may start [m] when the share `progress` of the run is over.

    It grows from `near_m` linearly, by half a metre until the share `until`; then, or where `until` is 0, it is infinite.
    """
    return near_m + 0.5 * progress / until if progress < until else float("inf")


def recipe_names() -> list[str]:
    """Returns the names of the recipes that are known."""
    folder = files("jaco_learner") / "recipes"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


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
    return checked(Recipe, data | encoder_of(data), name)


def encoder_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what says in the recipe `data` how a policy sees, by the names of `ColumnSpec`; a recipe names what it needs.

    Raises:
        ConfigError: one of these fields is no list of numbers, or not true or false.
    """
    try:
        convolutions = tuple(tuple(int(number) for number in layer) for layer in data.get("convolutions", ()))
        residual = tuple(int(channels) for channels in data.get("residual", ()))
    except (TypeError, ValueError):
        raise ConfigError(
            f"Recipe '{data['name']}': convolutions must be a list of [channels, kernel, stride] and residual one of channels, "
            f"got {data.get('convolutions')} and {data.get('residual')}."
        ) from None
    if not isinstance(attends := data.get("spatial_softmax", False), bool):
        raise ConfigError(f"Recipe '{data['name']}': spatial_softmax must be true or false, got {attends}.")
    return {"convolutions": convolutions, "residual": residual, "spatial_softmax": attends}


def checked(kind: type[T], data: Mapping[str, Any], name: str) -> T:
    """Returns the frozen dataclass `kind` with the fields of recipe `name` that are in `data`: those, all without a default.

    Raises:
        ConfigError: a field is missing, unknown, or no number where it must be one.
    """
    known = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    free = {field.name for field in fields(kind) if field.default is not MISSING}  # type: ignore[arg-type]
    for odd in sorted((known.keys() ^ data.keys()) - (free - data.keys())):
        raise ConfigError(f"Recipe '{name}': {'there is no' if odd in known else 'its algorithm knows no'} field '{odd}'.")
    for field, value in data.items():
        if known[field] in _NUMBERS and (isinstance(value, bool) or not isinstance(value, _NUMBERS[known[field]])):
            raise ConfigError(f"Recipe '{name}': {field} must be {known[field]}, got {value!r}.")
    return kind(**data)
