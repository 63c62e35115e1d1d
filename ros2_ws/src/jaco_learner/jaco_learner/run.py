"""One training run, in segments between which it can be resumed: each is a function of what the last one left, bit for bit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from jaco_core.arms import load_arm
from jaco_learner.curve import Curve
from jaco_learner.memory import keep_freed_memory
from jaco_learner.ppo import Ppo, UpdateReport
from jaco_learner.recipe import Recipe
from jaco_learner.resume import Learned, load_run, save_run
from jaco_learner.rollouts import Actor, RolloutWorkers, WorkerConfig
from jaco_learner.teacher import Critic, Teacher, TeacherCard, TeacherSpec
from jaco_policy.checkpoint import Card, load_checkpoint, save_checkpoint
from jaco_policy.networks import Column, ColumnSpec
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene
from jaco_tasks.actions import action_speeds
from jaco_tasks.registry import make_task


class Run:
    """The state of one training run."""

    def __init__(
        self, recipe: Recipe, out: Path, seed: int, minutes: float | None = None, start_from: Path | None = None
    ) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        keep_freed_memory()
        self.recipe, self.out, self.seed, self.minutes = recipe, out, seed, minutes
        self.frames = 0
        self.progress = 0.0
        self._began = time.monotonic()
        arm, task = load_arm(recipe.arm), make_task(recipe.task)
        scene = make_scene(recipe.task, recipe.arm, recipe.profile)
        speeds = action_speeds(arm)
        self._state_size = BatchEnv(scene, 1, 0, render=False).state_size
        self.actor = self._make_actor(speeds.shape, task.objects[0].name, start_from)
        self.ppo = Ppo(self.actor, Critic(self._state_size), recipe)
        self._fresh, self._new_critic = start_from is None, True
        self._ranges = [asdict(entry) for entry in scene.profile.ranges]
        self._card = Card(
            name=recipe.name,
            task=task.name,
            arm=arm.name,
            joints=arm.joint_names,
            action_speeds=tuple(tuple(row) for row in speeds.tolist()),
            control_period_s=task.control_period_s,
            column=self.actor.spec if isinstance(self.actor, Column) else ColumnSpec(),
            randomisation=recipe.profile,
        )
        self._recent: deque[tuple[bool, float]] = deque(maxlen=500)
        out.mkdir(parents=True, exist_ok=True)
        self._log = SummaryWriter(str(out))
        self._curve = Curve(out)

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
            self._recent.extend((status.success, status.episode_return) for status in ended)
            self.frames += rollout.reward.numel()
            self.progress = self._share()
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
        self.frames += rollout.reward.numel()
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
        notes = load_run(self.out, self._learned, self._identity)
        self.frames = notes["frames"]
        self._began = time.monotonic() - notes["wall_clock_s"]
        self.progress = self._share()
        self._recent.extend((bool(success), episode_return) for success, episode_return in notes["recent"])
        self._curve.resume(self.frames)
        self._fresh = self._new_critic = False

    @property
    def _learned(self) -> Learned:
        return Learned({"actor": self.actor, "critic": self.ppo.critic}, self.ppo.optimiser)

    @property
    def _identity(self) -> dict[str, Any]:
        """What makes the run what it is."""
        return {**asdict(self.recipe), "seed": self.seed, "minutes": self.minutes}

    def _checkpoint(self) -> None:
        """Writes the policy, and what `resume` needs."""
        self.save()
        elapsed = time.monotonic() - self._began
        where = {"frames": self.frames, "wall_clock_s": elapsed, "recent": list(self._recent)}
        save_run(self.out, self._learned, {"recipe": self._identity, **where})

    def save(self) -> Card:
        """Writes the policy with its card."""
        recipe = self.recipe
        training = {
            "algorithm": "PPO, auxiliary palm and target heads, critic on the simulator's state, a guide imitated at first",
            "recipe": asdict(recipe),
            "ranges": self._ranges,
            "seed": self.seed,
            "frames": self.frames,
            "wall_clock_s": round(time.monotonic() - self._began),
            "training_success": self._mean(0),
            "training_return": self._mean(1),
        }
        self._curve.save()
        card = replace(self._card, training=training)
        if isinstance(self.actor, Column):
            return save_checkpoint(self.out, card, self.actor)
        self.actor.save(self.out, TeacherCard(card.task, card.arm, recipe.profile, self.actor.spec, training))
        return card

    def _make_actor(self, shape: tuple[int, ...], target: str, start_from: Path | None) -> Actor:
        recipe = self.recipe
        joints, choices = shape
        if recipe.observation == "state":
            return Teacher(TeacherSpec(self._state_size, joints, choices, recipe.hidden))
        if start_from is not None:
            return load_checkpoint(start_from, load_arm(recipe.arm)).column.train()
        return Column(ColumnSpec(joints, choices, recipe.convolutions, recipe.hidden, recipe.lstm, ("palm", target)))

    def _config(self, mesh_fraction: float) -> WorkerConfig:
        recipe = self.recipe
        world = (recipe.task, recipe.arm, recipe.profile, recipe.physics_step_s, mesh_fraction)
        # Later advice would not be heard.
        guided = recipe.weights_at(self.progress).imitation > 0.0
        return WorkerConfig(*world, recipe.environments // recipe.workers, recipe.steps, guided)

    def _share(self) -> float:
        """How much of the run is over, 0..1: by frames, or by time when that is what is short."""
        by_frames = self.frames / self.recipe.frames
        by_time = (time.monotonic() - self._began) / (60.0 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(by_frames, by_time))

    def _report(self, report: UpdateReport) -> str:
        rate = self.frames / (time.monotonic() - self._began)
        scalars = {"success": self._mean(0), "return": self._mean(1), "frames_per_second": rate}
        self._curve.add(self.frames, {"seconds": time.monotonic() - self._began, **scalars, **asdict(report)})
        for name, value in {**scalars, **asdict(report)}.items():
            self._log.add_scalar(name, value, self.frames)
        return (
            f"{self.frames / 1e6:.3f} M frames  {rate:.0f}/s  "
            f"success {self._mean(0):.1%}  return {self._mean(1):.1f}  "
            f"palm {100 * report.palm_error:.1f} cm  target {100 * report.target_error:.1f} cm  "
            f"entropy {report.entropy:.2f}  kl {report.divergence:.3f}  guide {report.imitation:.2f}"
        )

    def _mean(self, which: int) -> float:
        """Success (0) or return (1) over the last episodes."""
        return round(float(np.mean([episode[which] for episode in self._recent])), 4) if self._recent else 0.0
