"""Scores a policy on held-out episodes: `python -m jaco_learner.evaluate models/policies/reach`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import typer

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, JacoError
from jaco_learner.bars import ProgressOf, bars
from jaco_learner.player import Player, load_player
from jaco_learner.playing import play_episodes
from jaco_learner.scoring import PlayedEpisode, Scores, score
from jaco_learner.teacher import TEACHER_FILE
from jaco_policy.checkpoint import read_card, update_card
from jaco_sim.profiles import Profile, load_profile
from jaco_sim.scene import build_scene
from jaco_sim.variation import GROUPS
from jaco_tasks.registry import make_task

# Training draws its seeds from 0..2^62; these are above.
HELD_OUT_SEED = 2**62
SWEPT_PROFILE = "randomized"


def play(
    player: Player,
    episodes: int,
    seed: int,
    profile: Profile,
    greedy: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> list[PlayedEpisode]:
    """Plays the held-out episodes `seed`, `seed` + 1, ... under `profile`.

    Full meshes and 2 ms physics, whatever the policy was trained with.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    scene = build_scene(make_task(player.task), load_arm(player.arm), profile)
    seeds = [HELD_OUT_SEED + seed + index for index in range(episodes)]
    return play_episodes(scene, player, seeds, greedy, progress)


def evaluate(policy: Path, episodes: int = 500, seed: int = 0, profile: str | None = None, greedy: bool = True) -> Scores:
    """Returns the scores of the policy in `policy` on held-out episodes. `profile`: the card's, unless given.

    Raises:
        JacoError: the policy cannot be loaded, or there is no such profile.
    """
    player = load_player(policy)
    world = load_profile(profile or player.profile, held_out=True)
    return score(play(player, episodes, seed, world, greedy), make_task(player.task).control_period_s)


def sweep(
    player: Player,
    episodes: int,
    seed: int,
    greedy: bool,
    progress_of: ProgressOf = lambda name, count: lambda done: None,
) -> dict[str, Scores]:
    """Returns the scores with nothing varied, with each group of factors alone, and with all of them together."""
    whole = load_profile(SWEPT_PROFILE)
    worlds = {"none": whole.only(""), **{group: whole.only(group) for group in GROUPS}, "all": whole}
    period = make_task(player.task).control_period_s
    return {
        name: score(play(player, episodes, seed, world, greedy, progress_of(name, episodes)), period)
        for name, world in worlds.items()
    }


def main(
    policy: Path = typer.Argument(help="Folder with policy.safetensors and card.json."),
    episodes: int = typer.Option(500, min=1, help="How many held-out episodes."),
    seed: int = typer.Option(0, min=0, help="First of the held-out seeds."),
    profile: str | None = typer.Option(None, help="Simulator profile, a name or a .yaml file; the card's when not given."),
    task: str | None = typer.Option(None, help="Task; the card's, or one of its family."),
    sample: bool = typer.Option(False, help="Draw actions instead of taking the likeliest."),
    robustness: bool = typer.Option(False, "--sweep", help="Also vary each group of factors alone."),
    pictures: Path | None = typer.Option(None, help="Folder for plots and the failures' pictures."),
    json_file: Path | None = typer.Option(None, "--json", help="File for the scores, as one JSON object."),
    write: bool = typer.Option(False, help="Write the scores to the policy's card."),
) -> None:
    """Scores a policy on held-out episodes."""
    try:
        text = json.dumps(_measure(policy, episodes, seed, profile, task, not sample, robustness, pictures, write), indent=2)
    except JacoError as error:
        typer.echo(f"evaluate: {error}", err=True)
        raise typer.Exit(1) from None
    if json_file is not None:
        json_file.write_text(text + "\n")
    typer.echo(text)


def _measure(
    policy: Path,
    episodes: int,
    seed: int,
    profile: str | None,
    task: str | None,
    greedy: bool,
    robustness: bool,
    pictures: Path | None,
    write: bool,
) -> dict[str, Any]:
    player = load_player(policy, task)
    if write and task is not None and task != load_player(policy).task:
        raise ConfigError(f"A card has scores of its policy's own task; leave out --write to score it on '{task}'.")
    world = load_profile(profile or player.profile, held_out=True)
    with bars("episodes") as progress_of:
        played = play(player, episodes, seed, world, greedy, progress_of(world.name, episodes))
        scores = score(played, make_task(player.task).control_period_s)
        groups = sweep(player, episodes, seed, greedy, progress_of) if robustness else {}
    figures: dict[str, Any] = asdict(scores)
    if write and not (policy / TEACHER_FILE).is_file():
        command = f"python -m jaco_learner.evaluate {policy} --episodes {episodes} --seed {seed}"
        command += (f" --profile {profile}" if profile else "") + ("" if greedy else " --sample")
        _write_scores(policy, world.name == player.profile, world.name, {**figures, "command": command})
    if pictures is not None:
        from jaco_learner.evaluation_pictures import draw  # matplotlib takes a second to load

        draw(pictures, world.name, played, {world.name: scores, **groups})
    if groups:
        figures["sweep"] = {name: asdict(entry) for name, entry in groups.items()}
    return figures


def _write_scores(policy: Path, at_home: bool, profile: str, figures: dict[str, Any]) -> None:
    """Writes figures to the card: as its scores where they are of the world that it was trained in, else as those elsewhere."""
    before = read_card(policy).scores
    elsewhere = dict(before.get("elsewhere", {}))
    if not at_home:
        update_card(policy, scores={**before, "elsewhere": {**elsewhere, profile: figures}})
        return
    update_card(policy, scores={**figures, **({"elsewhere": elsewhere} if elsewhere else {})})


if __name__ == "__main__":
    typer.run(main)
