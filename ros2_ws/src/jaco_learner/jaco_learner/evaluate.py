"""Scores a policy on held-out episodes: `python -m jaco_learner.evaluate models/policies/reach`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import typer
from rich.progress import track

from jaco_core.arms import load_arm
from jaco_core.errors import JacoError
from jaco_core.types import EpisodeStatus
from jaco_learner.interval import wilson_interval
from jaco_learner.teacher import TEACHER_FILE, Teacher, load_teacher
from jaco_policy.checkpoint import check_arm, load_checkpoint, update_card
from jaco_policy.networks import Column, sample_action
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene

# Training draws its seeds from 0..2^62; these are above.
HELD_OUT_SEED = 2**62
_BATCH = 50


@dataclass(frozen=True)
class Scores:
    """Over `episodes` episodes. `failures`: how many ended for each reason other than the time limit.

    `success_interval`: 95 % confidence interval of the rate. `mean_reach_time_s`: from the start to the first reward, over the
    episodes that have one, None when none has. `mean_path_m`: way of the palm.
    """

    episodes: int
    success_rate: float
    success_interval: tuple[float, float]
    mean_return: float
    mean_steps: float
    mean_reach_time_s: float | None
    mean_path_m: float
    failures: dict[str, int]


def evaluate(policy: Path, episodes: int = 500, seed: int = 0, profile: str | None = None, greedy: bool = True) -> Scores:
    """Returns the scores of the policy in `policy` on the held-out episodes `seed`, `seed` + 1, ...

    Full meshes and 2 ms physics, whatever it was trained with. `profile`: the card's, unless given.

    Raises:
        JacoError: the policy, or the teacher, cannot be loaded.
    """
    player = _load(policy)
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    scene = make_scene(player.task, player.arm, profile or player.profile, held_out=True)
    count = min(_BATCH, episodes)
    environment = BatchEnv(scene, count, seed=0, render=isinstance(player.actor, Column), restart=False)
    played: list[_Episode] = []
    try:
        for first in track(range(0, episodes, count), description="evaluate"):
            seeds = [HELD_OUT_SEED + seed + first + index for index in range(count)]
            played += _play(environment, player.actor, seeds, greedy)[: episodes - first]
    finally:
        environment.close()
    statuses = [episode.status for episode in played]
    times = [episode.reach_step * scene.task.control_period_s for episode in played if episode.reach_step is not None]
    return Scores(
        episodes,
        float(np.mean([status.success for status in statuses])),
        wilson_interval(sum(status.success for status in statuses), episodes),
        float(np.mean([status.episode_return for status in statuses])),
        float(np.mean([status.step for status in statuses])),
        float(np.mean(times)) if times else None,
        float(np.mean([episode.path_m for episode in played])),
        dict(Counter(status.reason for status in statuses if status.terminated)),
    )


@dataclass(frozen=True)
class _Episode:
    """How one episode ended, the step of its first reward, None without one, and the way of the palm [m]."""

    status: EpisodeStatus
    reach_step: int | None
    path_m: float


@dataclass(frozen=True)
class _Player:
    """Who plays, and where by default."""

    actor: Column | Teacher
    task: str
    arm: str
    profile: str


def _load(folder: Path) -> _Player:
    if (folder / TEACHER_FILE).is_file():
        teacher, teacher_card = load_teacher(folder)
        return _Player(teacher, teacher_card.task, teacher_card.arm, teacher_card.profile)
    card = (checkpoint := load_checkpoint(folder)).card
    check_arm(card, load_arm(card.arm))
    return _Player(checkpoint.column, card.task, card.arm, card.randomisation)


@torch.inference_mode()
def _play(environment: BatchEnv, actor: Column | Teacher, seeds: list[int], greedy: bool) -> list[_Episode]:
    """Plays one episode per environment to its end."""
    step = environment.reset(seeds)
    state = actor.initial_state(environment.count) if isinstance(actor, Column) else None
    reached: list[int | None] = [None] * environment.count
    paths, running = np.zeros(environment.count), np.ones(environment.count, bool)
    for number in range(1, environment.scene.task.max_steps + 1):
        if isinstance(actor, Column):
            output, state = actor(torch.from_numpy(step.image), state)
            logits = output.logits
        else:
            logits = actor(torch.from_numpy(step.state))
        action = logits.argmax(-1) if greedy else sample_action(logits)
        palm, step = step.palm, environment.step(action.numpy())
        # What moves after an episode's end no longer counts.
        paths += np.linalg.norm(step.palm - palm, axis=1) * running
        reached = [
            number if before is None and going and reward > 0.0 else before
            for before, going, reward in zip(reached, running, step.reward, strict=True)
        ]
        running &= ~(step.terminated | step.truncated)
    return [_Episode(*episode) for episode in zip(environment.statuses, reached, paths.tolist(), strict=True)]


def main(
    policy: Path = typer.Argument(help="Folder of a policy, or of a teacher."),
    episodes: int = typer.Option(500, min=1, help="How many held-out episodes."),
    seed: int = typer.Option(0, min=0, help="First of the held-out seeds."),
    profile: str | None = typer.Option(None, help="Simulator profile; the card's when not given."),
    sample: bool = typer.Option(False, help="Draw actions instead of taking the likeliest."),
    json_file: Path | None = typer.Option(None, "--json", help="File for the scores, as one JSON object."),
    write: bool = typer.Option(False, help="Write the scores to the policy's card."),
) -> None:
    """Scores a policy on held-out episodes."""
    try:
        scores = evaluate(policy, episodes, seed, profile, not sample)
        if write and not (policy / TEACHER_FILE).is_file():
            command = f"python -m jaco_learner.evaluate {policy} --episodes {episodes} --seed {seed}"
            command += (f" --profile {profile}" if profile else "") + (" --sample" if sample else "")
            update_card(policy, scores={**asdict(scores), "command": command})
    except JacoError as error:
        typer.echo(f"evaluate: {error}", err=True)
        raise typer.Exit(1) from None
    text = json.dumps(asdict(scores), indent=2)
    if json_file is not None:
        json_file.write_text(text + "\n")
    typer.echo(text)


if __name__ == "__main__":
    typer.run(main)
