"""One training run, in segments between which it can be resumed: each is a function of what the last one left, bit for bit."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_learner.memory import keep_freed_memory
from jaco_learner.ppo import Ppo, UpdateReport
from jaco_learner.recipe import Recipe
from jaco_learner.record import Record
from jaco_learner.resume import Learned
from jaco_learner.rollouts import Actor, RolloutWorkers, WorkerConfig
from jaco_learner.saving import save_actor
from jaco_learner.teacher import Critic, Teacher, TeacherSpec
from jaco_policy.camera_contract import require_one_view
from jaco_policy.checkpoint import Card, load_checkpoint
from jaco_policy.networks import Column, ColumnSpec
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene
from jaco_tasks.actions import action_speeds


class Run:
    """The state of one training run."""

    def __init__(
        self, recipe: Recipe, out: Path, seed: int, minutes: float | None = None, start_from: Path | None = None
    ) -> None:
        began = time.monotonic()
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        keep_freed_memory()
        self.recipe, self.out, self.seed = recipe, out, seed
        scene = make_scene(recipe.task, recipe.arm, recipe.profile)
        self._state_size = BatchEnv(scene, 1, 0, render=False).state_size
        self.actor = self._make_actor(action_speeds(scene.arm).shape, scene.task.objects[0].name, start_from)
        self.ppo = Ppo(self.actor, Critic(self._state_size), recipe)
        self._fresh, self._new_critic = start_from is None, True
        self._record = Record(recipe, scene, out, seed, minutes, began)

    @property
    def frames(self) -> int:
        """How many it was trained on."""
        return self._record.frames

    @property
    def progress(self) -> float:
        """The share of the run that is over, 0..1."""
        return self._record.progress

    def updates(self) -> Generator[str, None, None]:
        """Trains, one update per item; yields its figures as text. The checkpoint is written between segments."""
        workers = RolloutWorkers(self.recipe.workers)
        try:
            for number, stage in enumerate(self.recipe.stages):
                end = sum(earlier.frames for earlier in self.recipe.stages[: number + 1])
                while self.frames < end and self.progress < end / self.recipe.frames:
                    yield from self._segment(workers, self._config(stage.mesh_fraction), end)
                    self._checkpoint()
        finally:
            workers.close()

    def _segment(self, workers: RolloutWorkers, config: WorkerConfig, end: int) -> Generator[str, None, None]:
        """Trains on new environments, until enough updates are made or the stage is at its `end` [frames]."""
        seed = int(np.random.SeedSequence([self.seed, self.frames]).generate_state(1)[0])
        workers.begin(config, self.actor, self._state_size, seed)
        workers.request(self.actor)
        if self._new_critic:
            self._fit(workers)
            workers.request(self.actor)
        for update in range(self.recipe.segment):
            rollout, ended = workers.collect()
            self._record.take(rollout.reward.numel(), ended)
            last = update == self.recipe.segment - 1 or self.frames >= end or self.progress >= end / self.recipe.frames
            if not last:
                # The workers go on with the present weights while the learner improves them: each rollout is one update old.
                workers.request(self.actor)
            yield self._report(self.ppo.update(rollout, self.progress))
            if last:
                return

    def _fit(self, workers: RolloutWorkers) -> None:
        """Takes the mean image and the scale of the states from a rollout, which counts and teaches nothing else."""
        rollout, _ = workers.collect()
        self._record.take(rollout.reward.numel(), ())
        self.ppo.critic.scaling.fit(rollout.state)
        if self._fresh and isinstance(self.actor, Column):
            self.actor.mean_image.copy_(rollout.image.float().mean((0, 1)))
        elif isinstance(self.actor, Teacher):
            self.actor.scaling.fit(rollout.state)
        self._fresh = self._new_critic = False

    def resume(self) -> None:
        """Goes on where the run in the folder stopped. With more frames than it had, it goes on along their longer schedules.

        Raises:
            ConfigError: there is none, or it was another one.
        """
        self._record.resume(self._learned)
        self._fresh = self._new_critic = False

    @property
    def _learned(self) -> Learned:
        return Learned({"actor": self.actor, "critic": self.ppo.critic}, self.ppo.optimiser)

    def _checkpoint(self) -> None:
        """Writes the policy, and what `resume` needs; films the policy when it is the best so far."""
        self.save()
        self._record.checkpoint(self._learned)
        if self._record.film():
            self.save()

    def save(self) -> Card:
        """Writes the policy with its card."""
        told = "PPO, auxiliary palm and target heads, critic on the simulator's state, a guide imitated at first"
        card = self._record.card({"algorithm": told})
        self._record.save_curve()
        return save_actor(self.out, card, self.actor)

    def _make_actor(self, shape: tuple[int, ...], target: str, start_from: Path | None) -> Actor:
        recipe = self.recipe
        joints, choices = shape
        if recipe.observation == "state":
            return Teacher(TeacherSpec(self._state_size, joints, choices, recipe.hidden))
        if start_from is not None:
            checkpoint = load_checkpoint(start_from, load_arm(recipe.arm))
            require_one_view(checkpoint.card.name, checkpoint.card.camera, "PPO")
            column = checkpoint.column
            if column.spec.inputs:
                raise ContractError(
                    f"The policy in {start_from} feels the joints, which PPO does not show it; "
                    "continue it with a recipe for dagger."
                )
            return column.train()
        sizes = joints, choices, recipe.convolutions, recipe.hidden, recipe.lstm, ("palm", target)
        return Column(ColumnSpec(*sizes, residual=recipe.residual, spatial_softmax=recipe.spatial_softmax))

    def _config(self, mesh_fraction: float) -> WorkerConfig:
        recipe = self.recipe
        margins = recipe.margin_m, recipe.table_margin_m
        world = (recipe.task, recipe.arm, recipe.profile, recipe.physics_step_s, *margins, mesh_fraction)
        # Later advice would not be heard.
        guided = recipe.weights_at(self.progress).imitation > 0.0
        return WorkerConfig(*world, recipe.environments // recipe.workers, recipe.steps, guided)

    def _report(self, report: UpdateReport) -> str:
        told = self._record.row(asdict(report))
        return (
            f"{told}  palm {100 * report.palm_error:.1f} cm  target {100 * report.target_error:.1f} cm  "
            f"entropy {report.entropy:.2f}  kl {report.divergence:.3f}  guide {report.imitation:.2f}"
        )
