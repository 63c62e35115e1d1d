"""A recipe for behaviour cloning or DAgger: everything that a run depends on besides its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from jaco_core.errors import ConfigError
from jaco_learner.recipe import OBSERVATIONS, Stage, checked, encoder_of, read_recipe, stretched
from jaco_policy.camera_contract import CameraContract
from jaco_sim.cameras import simulated_cameras

CLONING, DAGGER = ALGORITHMS = ("bc", "dagger")
GUIDE = "guide"
"""The expert that needs no training: `jaco_learner.guide`."""


@dataclass(frozen=True)
class ImitationRecipe:
    """The fields of a recipe's YAML file, in its order.

    `expert`: the guide, who leads the palm `guide_lift_m` above the target, or the folder of a teacher. `workers`: processes that
    show beside the one that learns; 0: it does both in turn. `trials`: how many of the environments the learner alone moves;
    success and return are of those. `expert_until`: DAgger's expert moves the others ever less, not at all from this share of the
    run on. `proprioception`: units for angles and velocities of the joints, beside pixels; 0: the policy does not feel them.
    `cameras`: further ones that the policy sees beside its own, view after view; `depth`: it sees that of each view, too.
    `residual`, `spatial_softmax`: as a `ColumnSpec` has them.
    """

    name: str
    algorithm: str
    task: str
    arm: str
    profile: str
    observation: str
    expert: str
    guide_lift_m: float
    workers: int
    environments: int
    trials: int
    expert_until: float
    physics_step_s: float
    margin_m: float
    stages: tuple[Stage, ...]
    convolutions: tuple[tuple[int, int, int], ...]
    hidden: int
    proprioception: int
    learning_rate: float
    final_learning_rate: float
    minibatch: int
    updates: int
    memory: int
    gradient_norm: float
    auxiliary_weight: float
    segment: int
    cameras: tuple[str, ...] = ()
    depth: bool = False
    residual: tuple[int, ...] = ()
    spatial_softmax: bool = False

    def __post_init__(self) -> None:
        for name in ("environments", "trials", "hidden", "minibatch", "updates", "memory", "segment", "stages"):
            value = getattr(self, name)
            if (count := len(value) if name == "stages" else value) < 1:
                raise ConfigError(f"Recipe '{self.name}': {name} must be at least 1, got {count}.")
        shares = max(1, self.workers)
        if self.workers < 0 or self.environments % shares or self.trials % shares:
            raise ConfigError(
                f"Recipe '{self.name}': {self.environments} environments with {self.trials} trials cannot be shared evenly by "
                f"{self.workers} workers."
            )
        if self.trials >= self.environments:
            raise ConfigError(f"Recipe '{self.name}': {self.trials} trials leave none of {self.environments} environments.")
        if self.observation not in OBSERVATIONS:
            raise ConfigError(f"Recipe '{self.name}': observation is '{self.observation}'; known: {', '.join(OBSERVATIONS)}.")
        if self.proprioception < 0 or (self.proprioception and not self.pixels):
            raise ConfigError(
                f"Recipe '{self.name}': proprioception must be 0, or units of a network that sees pixels, got "
                f"{self.proprioception}."
            )
        simulated_cameras(self.cameras)
        if not isinstance(self.depth, bool) or ((self.cameras or self.depth) and not self.pixels):
            raise ConfigError(
                f"Recipe '{self.name}': cameras and depth (true or false) are for a policy that sees pixels, got "
                f"{', '.join(self.cameras) or 'no camera'} and {self.depth!r} with observation {self.observation}."
            )
        if self.algorithm not in ALGORITHMS:
            raise ConfigError(f"Recipe '{self.name}': algorithm is '{self.algorithm}'; known: {', '.join(ALGORITHMS)}.")
        if (self.expert_until == 1.0) != (self.algorithm == CLONING) or not 0.0 <= self.expert_until <= 1.0:
            raise ConfigError(
                f"Recipe '{self.name}': expert_until must be 1 where the expert is cloned and less for DAgger, got "
                f"{self.expert_until}."
            )

    @property
    def pixels(self) -> bool:
        """Whether the policy sees pictures, not the simulator's state."""
        return self.observation == "pixels"

    @property
    def camera(self) -> CameraContract:
        """What the policy sees."""
        return CameraContract(further=self.cameras, depth=self.depth)

    @property
    def frames(self) -> int:
        """Frames over all stages."""
        return sum(stage.frames for stage in self.stages)

    def with_frames(self, frames: int) -> ImitationRecipe:
        """Returns the recipe shortened or stretched to `frames`, the stages in proportion."""
        return replace(self, stages=stretched(self.stages, frames))

    def learning_rate_at(self, progress: float) -> float:
        """Returns the learning rate when the share `progress` of the run is over. It falls linearly."""
        return self.learning_rate + progress * (self.final_learning_rate - self.learning_rate)

    def expert_share_at(self, progress: float) -> float:
        """Returns how often the expert moves an arm that is no trial: always where it is cloned."""
        if self.algorithm == CLONING:
            return 1.0
        return max(0.0, 1.0 - progress / self.expert_until) if self.expert_until else 0.0


def is_imitation(name: str) -> bool:
    """Tells whether the recipe called `name` is one for behaviour cloning or DAgger.

    Raises:
        ConfigError: no such recipe.
    """
    return read_recipe(name).get("algorithm") in ALGORITHMS


def load_imitation_recipe(name: str) -> ImitationRecipe:
    """Returns the recipe called `name`.

    Raises:
        ConfigError: no such recipe, it is for another algorithm, or its file breaks a rule.
    """
    data: dict[str, Any] = read_recipe(name)
    if data.get("algorithm") not in ALGORITHMS:
        raise ConfigError(f"Recipe '{name}' is for {data.get('algorithm', 'ppo')}, not for {' or '.join(ALGORITHMS)}.")
    data["cameras"] = tuple(str(name) for name in data.get("cameras") or ())
    return checked(ImitationRecipe, data | encoder_of(data), name)
