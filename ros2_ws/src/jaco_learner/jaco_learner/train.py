"""Trains a policy in simulation: `python -m jaco_learner.train reach --out runs/reach`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch.utils.tensorboard import SummaryWriter

from jaco_core.arms import load_arm
from jaco_core.errors import JacoError
from jaco_core.types import EpisodeStatus
from jaco_learner.ppo import Ppo, UpdateReport
from jaco_learner.recipe import Recipe, Stage, load_recipe
from jaco_learner.rollouts import Rollout, RolloutWorkers, WorkerConfig
from jaco_policy.checkpoint import Card, load_checkpoint, save_checkpoint
from jaco_policy.networks import Column, ColumnSpec
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene
from jaco_tasks.actions import action_speeds
from jaco_tasks.registry import make_task

_SAVE_EVERY_S = 60.0


def train(
    recipe: Recipe,
    out: Path,
    seed: int = 0,
    minutes: float | None = None,
    start_from: Path | None = None,
    console: Console | None = None,
) -> Card:
    """Trains by `recipe` and leaves checkpoint and TensorBoard log in `out`; returns the card. Ctrl-C ends it early.

    `minutes`: stop after that much time, with the schedules shortened to it. `start_from`: a policy to continue.

    Raises:
        JacoError: the recipe, the policy to start from, or a worker is not as it must be.
    """
    run = _Run(recipe, out, seed, minutes, start_from)
    console = console or Console()
    texts = (TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.fields[figures]}"))
    try:
        with (
            closing(run.updates()) as updates,
            Progress(BarColumn(20), *texts, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar,
        ):
            line = bar.add_task(recipe.name, total=1.0, figures="starting")
            for figures in updates:
                bar.update(line, completed=run.progress, figures=figures)
                if not console.is_terminal:
                    console.print(f"{run.progress:6.1%}  {figures}", soft_wrap=True)
    except KeyboardInterrupt:
        console.print("Stopped; the policy so far is kept.")
    return run.save()


class _Run:
    """The state of one training run."""

    def __init__(self, recipe: Recipe, out: Path, seed: int, minutes: float | None, start_from: Path | None) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self.recipe, self.out, self.seed, self.minutes = recipe, out, seed, minutes
        self.frames = 0
        self.progress = 0.0
        self._began = time.monotonic()
        arm, task = load_arm(recipe.arm), make_task(recipe.task)
        scene = make_scene(recipe.task, recipe.arm, recipe.profile)
        speeds = action_speeds(arm)
        auxiliary = ("palm", task.objects[0].name)
        spec = ColumnSpec(len(arm), speeds.shape[1], hidden=recipe.hidden, lstm=recipe.lstm, auxiliary=auxiliary)
        if start_from is None:
            self.column = Column(spec)
        else:
            self.column = load_checkpoint(start_from, arm).column.train()
            spec = self.column.spec
        self._ranges = [asdict(entry) for entry in scene.profile.ranges]
        self._spec, self._fresh = spec, start_from is None
        self._card = Card(
            name=recipe.name,
            task=task.name,
            arm=arm.name,
            joints=arm.joint_names,
            action_speeds=tuple(tuple(row) for row in speeds.tolist()),
            control_period_s=task.control_period_s,
            column=spec,
            randomisation=recipe.profile,
        )
        self._state_size = BatchEnv(scene, 1, 0, render=False).state_size
        self.ppo = Ppo(self.column, self._state_size, recipe)
        self._recent: deque[EpisodeStatus] = deque(maxlen=500)
        out.mkdir(parents=True, exist_ok=True)
        self._log = SummaryWriter(str(out))

    def updates(self) -> Generator[str, None, None]:
        """Trains, one update per item; yields its figures as text."""
        saved = time.monotonic()
        for number, stage in enumerate(self.recipe.stages):
            for rollout, ended in self._collect(stage, number):
                self._recent.extend(ended)
                if self._fresh:
                    self.column.mean_image.copy_(rollout.image.float().mean((0, 1)))
                    self._fresh = False
                    continue
                self.frames += rollout.reward.numel()
                self.progress = self._share()
                report = self.ppo.update(rollout, self.progress)
                yield self._report(report)
                if time.monotonic() - saved > _SAVE_EVERY_S:
                    self.save()
                    saved = time.monotonic()

    def save(self) -> Card:
        """Writes the checkpoint."""
        training = {
            "algorithm": "PPO, auxiliary palm and target heads, critic on the simulator's state",
            "recipe": asdict(self.recipe),
            "ranges": self._ranges,
            "seed": self.seed,
            "frames": self.frames,
            "wall_clock_s": round(time.monotonic() - self._began),
            "training_success": self._mean("success"),
            "training_return": self._mean("episode_return"),
        }
        return save_checkpoint(self.out, replace(self._card, training=training), self.column)

    def _collect(self, stage: Stage, number: int) -> Iterator[tuple[Rollout, list[EpisodeStatus]]]:
        recipe = self.recipe
        config = WorkerConfig(
            recipe.task,
            recipe.arm,
            recipe.profile,
            recipe.physics_step_s,
            stage.mesh_fraction,
            recipe.environments // recipe.workers,
            recipe.steps,
            self._spec,
        )
        end = sum(earlier.frames for earlier in recipe.stages[: number + 1])
        workers = RolloutWorkers(config, recipe.workers, self.seed + 1000 * number, self._state_size)
        try:
            while self.frames < end and self.progress < self._stage_end(number):
                yield workers.collect(self.column)
        finally:
            workers.close()

    def _stage_end(self, number: int) -> float:
        return sum(stage.frames for stage in self.recipe.stages[: number + 1]) / self.recipe.frames

    def _share(self) -> float:
        """How much of the run is over, 0..1: by frames, or by time when that is what is short."""
        by_frames = self.frames / self.recipe.frames
        by_time = (time.monotonic() - self._began) / (60.0 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(by_frames, by_time))

    def _report(self, report: UpdateReport) -> str:
        rate = self.frames / (time.monotonic() - self._began)
        scalars = {"success": self._mean("success"), "return": self._mean("episode_return"), "frames_per_second": rate}
        for name, value in {**scalars, **asdict(report)}.items():
            self._log.add_scalar(name, value, self.frames)
        return (
            f"{self.frames / 1e6:.3f} M frames  {rate:.0f}/s  success {self._mean('success'):.1%}  "
            f"return {self._mean('episode_return'):.1f}  "
            f"palm {100 * report.palm_error:.1f} cm  target {100 * report.target_error:.1f} cm  "
            f"entropy {report.entropy:.2f}  kl {report.divergence:.3f}"
        )

    def _mean(self, name: str) -> float:
        return round(float(np.mean([getattr(status, name) for status in self._recent])), 4) if self._recent else 0.0


def main(
    recipe: str = typer.Argument(help="Name of a recipe, for instance reach."),
    out: Path = typer.Option(help="Folder for the checkpoint and the TensorBoard log."),
    frames: int | None = typer.Option(None, min=1, help="Frames to train on; the recipe says otherwise."),
    minutes: float | None = typer.Option(None, min=0.1, help="Stop after this many minutes."),
    seed: int = typer.Option(0, help="Seed of weights, actions and episodes."),
    start_from: Path | None = typer.Option(None, help="Folder of a policy to continue."),
    profile: str | None = typer.Option(None, help="Simulator profile; the recipe's when not given. None that is held out."),
) -> None:
    """Trains a policy in simulation."""
    try:
        chosen = load_recipe(recipe)
        if profile is not None:
            chosen = replace(chosen, profile=profile)
        card = train(chosen.with_frames(frames) if frames else chosen, out, seed, minutes, start_from)
    except JacoError as error:
        typer.echo(f"train: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out}: {card.training['frames']} frames, success {card.training['training_success']:.1%} while training.")


if __name__ == "__main__":
    typer.run(main)
