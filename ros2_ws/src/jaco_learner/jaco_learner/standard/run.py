"""One training run by a standard algorithm, in segments between which it can be resumed: each is a function of what was left."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from stable_baselines3.common.logger import Logger

from jaco_core.errors import ConfigError
from jaco_learner.memory import keep_freed_memory
from jaco_learner.record import Record
from jaco_learner.rollouts import Actor
from jaco_learner.saving import save_actor
from jaco_learner.standard.arms import MakeArms, Segment, simulated_arms
from jaco_learner.standard.environment import ArmVecEnv
from jaco_learner.standard.features import fit
from jaco_learner.standard.methods import METHODS
from jaco_learner.standard.methods.method import Order
from jaco_learner.standard.recipe import StandardRecipe
from jaco_learner.standard.state import ModelState
from jaco_policy.checkpoint import Card
from jaco_sim.simulation import make_scene

# Steps of arms that do anything, for the scale of states and the mean image.
_LOOK_AROUND = 25


class StandardRun:
    """The state of one training run."""

    def __init__(
        self,
        recipe: StandardRecipe,
        out: Path,
        seed: int,
        minutes: float | None = None,
        start_from: Path | None = None,
        make: MakeArms = simulated_arms,
    ) -> None:
        """`make`: what it trains on.

        Raises:
            ConfigError: it was to continue a policy.
        """
        began = time.monotonic()
        if start_from is not None:
            raise ConfigError(f"Recipe '{recipe.name}' learns from nothing; {recipe.algorithm} cannot continue {start_from}.")
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        keep_freed_memory()
        self.recipe, self.out, self.seed, self._make = recipe, out, seed, make
        self._record = Record(recipe, make_scene(recipe.task, recipe.arm, recipe.profile), out, seed, minutes, began)
        self._method = METHODS[recipe.algorithm]
        arms = make(recipe, Segment(recipe.stages[0].mesh_fraction, seed))
        self._speeds = arms.speeds
        self.environment = ArmVecEnv(arms, self._method.control(arms.speeds), recipe.pixels)
        self.model = self._method.make(Order(recipe, self.environment, arms.speeds, arms.state_size, lambda: self.progress))
        self.model.set_logger(Logger(None, []))
        self._fresh = True

    @property
    def frames(self) -> int:
        """How many it was trained on."""
        return self._record.frames

    @property
    def progress(self) -> float:
        """The share of the run that is over, 0..1."""
        return self._record.progress

    @property
    def actor(self) -> Actor:
        """The policy so far."""
        return self._method.actor(self.model, self._speeds)

    def updates(self) -> Generator[str, None, None]:
        """Trains, one segment per item, and writes a checkpoint after each; yields its figures as text."""
        try:
            for number, stage in enumerate(self.recipe.stages):
                end = sum(earlier.frames for earlier in self.recipe.stages[: number + 1])
                while self.frames < end and self.progress < end / self.recipe.frames:
                    told = self._segment(stage.mesh_fraction, end)
                    self._checkpoint()
                    yield told
        finally:
            self.environment.close()

    def resume(self) -> None:
        """Goes on where the run in the folder stopped. With more frames than it had, it goes on along their longer schedules.

        Raises:
            ConfigError: there is none, or it was another one.
        """
        self._record.resume(ModelState(self.model))
        self._fresh = False

    def save(self) -> Card:
        """Writes the policy with its card."""
        seen = "from pixels alone" if self.recipe.pixels else "from the simulator's state, which no camera shows"
        card = self._record.card({"algorithm": f"{self._method.told}, {seen}"})
        self._record.save_curve()
        return save_actor(self.out, card, self.actor)

    def _segment(self, mesh_fraction: float, end: int) -> str:
        """Trains on new arms for a segment, or until the stage is at its `end` [frames]."""
        seed = int(np.random.SeedSequence([self.seed, self.frames]).generate_state(1)[0]) >> 1
        frames, environment = min(self.recipe.segment, end - self.frames), self.environment
        environment.begin(self._make(self.recipe, Segment(mesh_fraction, seed, self.recipe.start_distance_at(self.progress))))
        if self._fresh:
            self._look_around(seed)
            self._fresh = False
        self.model.set_random_seed(seed)
        self.model.set_env(environment)
        self.model.logger.name_to_value.clear()
        before = self.model.num_timesteps
        self.model.learn(frames * environment.rows, reset_num_timesteps=False, log_interval=None)  # type: ignore[arg-type]
        self._record.take((self.model.num_timesteps - before) // environment.rows, environment.take_ended())
        return self._report()

    def _look_around(self, seed: int) -> None:
        """Takes the scale of states and the mean image from arms that do anything."""
        fit(self.model.policy, *self.environment.wander(_LOOK_AROUND, np.random.default_rng(seed)))

    def _checkpoint(self) -> None:
        """Writes the policy, and what `resume` needs; films the policy when it is the best so far."""
        self.save()
        self._record.checkpoint(ModelState(self.model))
        if self._record.film():
            self.save()

    def _report(self) -> str:
        # What there was no update for is not known.
        known = self.model.logger.name_to_value
        figures = {name: float(known.get(key, math.nan)) for name, key in self._method.figures.items()}
        told = self._record.row(figures)
        return "  ".join((told, *(f"{name.replace('_', ' ')} {value:.3g}" for name, value in figures.items())))
