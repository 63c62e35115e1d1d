"""A recipe for a standard algorithm: everything that a run depends on besides its seed. Its YAML file is beside the others."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from jaco_core.errors import ConfigError
from jaco_learner.recipe import OBSERVATIONS, Stage, checked, encoder_of, read_recipe, start_distance, stretched
from jaco_learner.standard.settings import SETTINGS, Settings
from jaco_policy.camera_contract import CameraContract

# These settings may be zero.
_SHARES = ("exploration", "final_exploration", "exploration_until", "entropy", "trace", "smoothing", "value_weight")


@dataclass(frozen=True)
class StandardRecipe:
    """The fields of a recipe's YAML file, in its order. `segment`: frames until arms are begun anew and a run can be resumed.

    `residual`, `spatial_softmax`: as a `ColumnSpec` has them, where the recipe needs them.
    """

    name: str
    algorithm: str
    task: str
    arm: str
    profile: str
    observation: str
    environments: int
    physics_step_s: float
    margin_m: float
    stages: tuple[Stage, ...]
    convolutions: tuple[tuple[int, int, int], ...]
    hidden: int
    learning_rate: float
    final_learning_rate: float
    discount: float
    segment: int
    near_starts_m: float
    near_starts_until: float
    settings: Settings
    residual: tuple[int, ...] = ()
    spatial_softmax: bool = False

    def __post_init__(self) -> None:
        own = {f"settings.{name}": value for name, value in asdict(self.settings).items() if name not in _SHARES}
        counts = {name: getattr(self, name) for name in ("environments", "hidden", "segment")}
        for name, count in {**counts, "stages": len(self.stages), **own}.items():
            if count <= 0:
                raise ConfigError(f"Recipe '{self.name}': {name} must be more than 0, got {count}.")
        if self.observation not in OBSERVATIONS:
            raise ConfigError(f"Recipe '{self.name}': observation is '{self.observation}'; known: {', '.join(OBSERVATIONS)}.")
        if not 0.0 <= self.near_starts_until < 1.0:
            raise ConfigError(f"Recipe '{self.name}': near_starts_until must lie in [0, 1), got {self.near_starts_until}.")
        for name in set(_SHARES) & asdict(self.settings).keys():
            if not 0.0 <= (share := getattr(self.settings, name)) <= 1.0:
                raise ConfigError(f"Recipe '{self.name}': settings.{name} must lie in [0, 1], got {share}.")

    @property
    def pixels(self) -> bool:
        """Whether the policy sees pictures, not the simulator's state."""
        return self.observation == "pixels"

    @property
    def camera(self) -> CameraContract:
        """What the policy sees in them: its own camera's colours."""
        return CameraContract()

    @property
    def frames(self) -> int:
        """Frames over all stages."""
        return sum(stage.frames for stage in self.stages)

    def with_frames(self, frames: int) -> StandardRecipe:
        """Returns the recipe shortened or stretched to `frames`, the stages in proportion."""
        return replace(self, stages=stretched(self.stages, frames))

    def learning_rate_at(self, progress: float) -> float:
        """Returns the learning rate when the share `progress` of the run is over. It falls linearly."""
        return self.learning_rate + progress * (self.final_learning_rate - self.learning_rate)

    def start_distance_at(self, progress: float) -> float:
        """Returns how far from the target an episode may start [m]; infinite once the curriculum is over."""
        return start_distance(self.near_starts_m, self.near_starts_until, progress)


@dataclass(frozen=True, kw_only=True)
class GailRecipe(StandardRecipe):
    """For GAIL. `expert`: the guide, who leads the palm `guide_lift_m` above the target, or the folder of a teacher."""

    expert: str
    guide_lift_m: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pixels:
            raise ConfigError(f"Recipe '{self.name}': GAIL judges states, so observation must be state, got {self.observation}.")


def is_standard(name: str) -> bool:
    """Tells whether the recipe called `name` is one for a standard algorithm.

    Raises:
        ConfigError: no such recipe.
    """
    return read_recipe(name).get("algorithm") in SETTINGS


def load_standard_recipe(name: str) -> StandardRecipe:
    """Returns the recipe called `name`.

    Raises:
        ConfigError: no such recipe, it is for another algorithm, or its file breaks a rule.
    """
    data: dict[str, Any] = read_recipe(name)
    algorithm = data.get("algorithm", "ppo")
    if algorithm not in SETTINGS:
        raise ConfigError(f"Recipe '{name}' is for {algorithm}; standard algorithms are {', '.join(SETTINGS)}.")
    data |= encoder_of(data)
    data["settings"] = checked(SETTINGS[algorithm], data.get("settings", {}), name)
    return checked(GailRecipe if algorithm == "gail" else StandardRecipe, data, name)
