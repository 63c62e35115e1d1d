"""What a grown policy relies on, column by column and layer by layer: `python -m jaco_learner.analyse POLICY --out DIR`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, JacoError
from jaco_learner.analysis.measuring import SCORE_EPISODES, Analysis, analyse, analyse_seen
from jaco_learner.analysis.observations import Observations
from jaco_learner.analysis.tapped_player import TappedPlayer, grown_network
from jaco_learner.bars import bars
from jaco_learner.embedded.transition import Run
from jaco_learner.player import load_player
from jaco_policy.checkpoint import read_card
from jaco_sim.profiles import load_profile
from jaco_sim.scene import build_scene
from jaco_tasks.registry import make_task

RESULTS_FILE, PICTURE_FILE = "analysis.json", "analysis.png"
_TITLES = {
    "afs": "Average Fisher\nSensitivity",
    "aps_policy": "Average Perturbation\nSensitivity of the policy",
    "aps_score": "Average Perturbation\nSensitivity of the score",
}


def main(
    policy: Path = typer.Argument(help="Folder with policy.safetensors and card.json, of a policy with several columns."),
    out: Path = typer.Option(help=f"Folder for {RESULTS_FILE} and {PICTURE_FILE}."),
    episodes: int = typer.Option(20, min=1, help="How many episodes are observed; none of them is a held-out one."),
    seed: int = typer.Option(0, min=0, help="First of their seeds."),
    profile: str | None = typer.Option(None, help="Simulator profile, a name or a .yaml file; the card's when not given."),
    score: bool = typer.Option(True, help=f"Also play {SCORE_EPISODES} episodes with each noise on each layer."),
) -> None:
    """Measures what a grown policy relies on: Average Fisher and Average Perturbation Sensitivity by column and layer."""
    try:
        player = load_player(policy)
        TappedPlayer.of(player)
        world = load_profile(profile or player.profile, held_out=True)
        _make(out)
        with bars() as progress_of:
            scene = build_scene(make_task(player.task), load_arm(player.arm), world)
            analysis = analyse(player, scene, episodes, seed, score, progress_of)
        told = {"profile": world.name, "episodes": episodes, "seed": seed}
        _report(out, analysis, f"{player.name} on {world.name}", told, policy)
    except JacoError as error:
        typer.echo(f"analyse: {error}", err=True)
        raise typer.Exit(1) from None


def report_runs(policy: Path, out: Path, runs: Sequence[Run], source: str) -> None:
    """Measures and reports what the policy relies on in recorded episodes, which come from `source`.

    Raises:
        JacoError: the policy cannot be loaded or has a single column, there are no episodes, or `out` cannot be made.
    """
    network = grown_network(load_player(policy))
    images = [np.stack([step.image for step in run.transitions]) for run in runs]
    felt = [np.stack([step.proprioception for step in run.transitions]) for run in runs] if network.inputs else None
    seen = Observations.of_episodes(images, felt)
    _make(out)
    with bars() as progress_of:
        analysis = analyse_seen(network, seen, float(np.mean([run.total_reward for run in runs])), progress_of=progress_of)
    told = {
        "recording": source,
        "episodes": len(runs),
        "stamps_ns": [runs[0].transitions[0].stamp_ns, runs[-1].transitions[-1].stamp_ns],
    }
    _report(out, analysis, f"{read_card(policy).name} in {source}", told, policy)


def _report(out: Path, analysis: Analysis, title: str, told: dict[str, Any], policy: Path) -> None:
    from jaco_learner.analysis.picture import draw_sensitivities  # matplotlib takes a second to load

    card = read_card(policy)
    content = {"policy": card.name, "sha256": card.sha256, **told, **analysis.to_json()}
    (out / RESULTS_FILE).write_text(json.dumps(content, indent=1) + "\n")
    draw_sensitivities(out / PICTURE_FILE, title, {_TITLES[name]: each for name, each in analysis.measures().items()})
    _show(analysis)
    typer.echo(f"{out / RESULTS_FILE} and {out / PICTURE_FILE}")


def _show(analysis: Analysis) -> None:
    measures = analysis.measures()
    table = Table("layer", "column", *(_TITLES[name].replace("\n", " ") for name in measures))
    layers = list(dict.fromkeys(place.layer for place in analysis.fisher))
    for place in sorted(analysis.fisher, key=lambda place: (layers.index(place.layer), place.column)):
        values = ["insensitive" if each[place] is None else f"{each[place]:.3f}" for each in measures.values()]
        table.add_row(place.layer, str(place.column + 1), *values)
    Console().print(table)


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {out} cannot be made: {error.strerror}.") from None


if __name__ == "__main__":
    typer.run(main)
