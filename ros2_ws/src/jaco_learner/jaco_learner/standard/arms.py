"""The arms that a standard algorithm trains on, for however long a segment is: the project's own batch of simulated arms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jaco_learner.recipe import AnyRecipe
from jaco_learner.standard.recipe import StandardRecipe
from jaco_policy.camera_contract import CameraContract
from jaco_sim.envs.batch import BatchEnv, BatchStep
from jaco_sim.palm import PalmOf
from jaco_sim.scene import Scene
from jaco_sim.simulation import make_scene
from jaco_tasks.near_starts import NearStarts


class Arms(Protocol):
    """k arms that are stepped together; ended episodes restart by themselves. `speeds` [rad/s]: shape (n, choices), ascending."""

    count: int
    speeds: NDArray[np.float64]
    state_size: int

    @property
    def joints(self) -> NDArray[np.float64]:
        """Joint angles [rad], then velocities [rad/s], shape (k, 2n)."""

    def reset(self, seeds: list[int] | None = None, stagger: bool = False) -> BatchStep:
        """Starts an episode everywhere."""

    def drive(self, velocity: NDArray[np.floating]) -> BatchStep:
        """Takes one control step towards joint velocities [rad/s] of shape (k, n)."""

    def close(self) -> None:
        """Releases what draws."""


@dataclass(frozen=True)
class Segment:
    """What a segment is trained on; everything that happens there is a function of `seed`.

    `mesh_fraction`: share of the arm's triangles that is drawn; `furthest_m`: how far from the target an episode may start [m].
    """

    mesh_fraction: float
    seed: int
    furthest_m: float = float("inf")


MakeArms = Callable[[StandardRecipe, Segment], Arms]
"""Makes the arms of a segment."""


class Trained(AnyRecipe, Protocol):
    """What of a recipe says which arms it trains on."""

    @property
    def physics_step_s(self) -> float:
        """Of the simulation [s]."""

    @property
    def margin_m(self) -> float:
        """How much closer than the task asks the palm must come [m]."""

    @property
    def environments(self) -> int:
        """How many arms."""

    @property
    def pixels(self) -> bool:
        """Whether pictures are drawn."""

    @property
    def camera(self) -> CameraContract:
        """What is seen in them."""


def simulated_arms(recipe: Trained, segment: Segment) -> BatchEnv:
    """Returns new arms in MuJoCo."""
    scene = _scene(recipe.task, recipe.arm, recipe.profile, recipe.physics_step_s, segment.mesh_fraction, recipe.margin_m)
    if segment.furthest_m < float("inf"):
        near = NearStarts(scene.task, scene.arm, PalmOf(scene), segment.seed)
        near.furthest = segment.furthest_m
        scene = replace(scene, task=near)
    camera = recipe.camera
    return BatchEnv(scene, recipe.environments, segment.seed, render=recipe.pixels, cameras=camera.further, depth=camera.depth)


@lru_cache(maxsize=2)
def _scene(task: str, arm: str, profile: str, physics_step_s: float, mesh_fraction: float, margin_m: float) -> Scene:
    """Returns the scene; making one takes seconds where meshes are simplified, and a run has many segments."""
    return make_scene(task, arm, profile, physics_step_s, mesh_fraction, margin_m=margin_m)
