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
from jaco_policy.checkpoint import Checkpoint, load_checkpoint, update_card
from jaco_policy.networks import sample_action
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene

# Training draws its seeds from 0..2^62; these are above.
HELD_OUT_SEED = 2**62
_BATCH = 50


@dataclass(frozen=True)
class Scores:
    """Over `episodes` episodes. `failures`: how many ended for each reason other than the time limit."""

    episodes: int
    success_rate: float
    mean_return: float
    mean_steps: float
    failures: dict[str, int]


def evaluate(policy: Path, episodes: int = 500, seed: int = 0, profile: str | None = None, greedy: bool = True) -> Scores:
    """Returns the scores of the policy in `policy` on the held-out episodes `seed`, `seed` + 1, ...

    Full meshes and 2 ms physics, whatever it was trained with. `profile`: the card's, unless given.

    Raises:
        JacoError: the policy cannot be loaded.
    """
    checkpoint = load_checkpoint(policy, load_arm("j2n6s300"))
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    scene = make_scene(checkpoint.card.task, checkpoint.card.arm, profile or checkpoint.card.randomisation, held_out=True)
    count = min(_BATCH, episodes)
    environment = BatchEnv(scene, count, seed=0, restart=False)
    statuses: list[EpisodeStatus] = []
    try:
        for first in track(range(0, episodes, count), description="evaluate"):
            seeds = [HELD_OUT_SEED + seed + first + index for index in range(count)]
            statuses += _play(environment, checkpoint, seeds, greedy)[: episodes - first]
    finally:
        environment.close()
    return Scores(
        episodes,
        float(np.mean([status.success for status in statuses])),
        float(np.mean([status.episode_return for status in statuses])),
        float(np.mean([status.step for status in statuses])),
        dict(Counter(status.reason for status in statuses if status.terminated)),
    )


@torch.inference_mode()
def _play(environment: BatchEnv, checkpoint: Checkpoint, seeds: list[int], greedy: bool) -> list[EpisodeStatus]:
    """Plays one episode per environment to its end."""
    step = environment.reset(seeds)
    state = checkpoint.column.initial_state(environment.count)
    for _ in range(environment.scene.task.max_steps):
        output, state = checkpoint.column(torch.from_numpy(step.image), state)
        action = output.logits.argmax(-1) if greedy else sample_action(output.logits)
        step = environment.step(action.numpy())
    return environment.statuses


def main(
    policy: Path = typer.Argument(help="Folder with policy.safetensors and card.json."),
    episodes: int = typer.Option(500, min=1, help="How many held-out episodes."),
    seed: int = typer.Option(0, min=0, help="First of the held-out seeds."),
    profile: str | None = typer.Option(None, help="Simulator profile; the card's when not given."),
    sample: bool = typer.Option(False, help="Draw actions instead of taking the likeliest."),
    write: bool = typer.Option(False, help="Write the scores to the policy's card."),
) -> None:
    """Scores a policy on held-out episodes."""
    try:
        scores = evaluate(policy, episodes, seed, profile, not sample)
        if write:
            command = f"python -m jaco_learner.evaluate {policy} --episodes {episodes} --seed {seed}"
            command += (f" --profile {profile}" if profile else "") + (" --sample" if sample else "")
            update_card(policy, scores={**asdict(scores), "command": command})
    except JacoError as error:
        typer.echo(f"evaluate: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(json.dumps(asdict(scores), indent=2))


if __name__ == "__main__":
    typer.run(main)
