"""Trains a policy in simulation: `python -m jaco_learner.train reach --out runs/reach`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from jaco_core.errors import ConfigError, JacoError
from jaco_learner.a3c.recipe import A3cRecipe, is_a3c, load_a3c_recipe
from jaco_learner.a3c.run import A3cRun
from jaco_learner.imitation.recipe import ImitationRecipe, is_imitation, load_imitation_recipe
from jaco_learner.imitation.run import ImitationRun
from jaco_learner.recipe import Recipe, load_recipe, own_name, recipe_names
from jaco_learner.run import Run
from jaco_learner.standard.recipe import GailRecipe, StandardRecipe, is_standard, load_standard_recipe
from jaco_policy.checkpoint import Card

AnyRecipe = Recipe | A3cRecipe | StandardRecipe | ImitationRecipe


class TrainingRun(Protocol):
    """What every algorithm's run offers."""

    @property
    def progress(self) -> float:
        """The share of it that is over, 0..1."""

    def updates(self) -> Generator[str, None, None]:
        """Trains; yields its figures as text."""

    def resume(self) -> None:
        """Goes on where the run in the folder stopped."""

    def save(self) -> Card:
        """Writes the policy with its card."""


def train(
    recipe: AnyRecipe,
    out: Path,
    seed: int = 0,
    minutes: float | None = None,
    start_from: Path | None = None,
    resume: bool = False,
    console: Console | None = None,
    engine: str = "local",
) -> Card:
    """Trains by `recipe` and leaves checkpoint and TensorBoard log in `out`; returns the card. Ctrl-C ends it early.

    `minutes`: stop after that much time, with the schedules shortened to it. `start_from`: a policy to continue.
    `resume`: go on with the run in `out`, with the same recipe and seed; it ends as if it had never been stopped (but no two runs
    of A3C are the same). With more frames it is made longer.

    `engine`: where A3C's workers run, "local" or "ray".

    Raises:
        JacoError: the recipe, the policy to start from, or a worker is not as it must be.
    """
    run = _run(recipe, out, seed, minutes, start_from, engine)
    if resume:
        run.resume()
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


def _run(recipe: AnyRecipe, out: Path, seed: int, minutes: float | None, start_from: Path | None, engine: str) -> TrainingRun:
    if isinstance(recipe, A3cRecipe):
        return A3cRun(recipe, out, seed, minutes, start_from, engine=engine)
    if engine != "local":
        raise ConfigError(f"Recipe '{recipe.name}' knows no engine '{engine}'; only A3C has others than 'local'.")
    if isinstance(recipe, GailRecipe):
        from jaco_learner.adversarial.run import GailRun  # as does TorchRL

        return GailRun(recipe, out, seed, minutes, start_from)
    if isinstance(recipe, StandardRecipe):
        from jaco_learner.standard.run import StandardRun  # Stable-Baselines3 takes two seconds to load

        return StandardRun(recipe, out, seed, minutes, start_from)
    if isinstance(recipe, ImitationRecipe):
        return ImitationRun(recipe, out, seed, minutes, start_from)
    return Run(recipe, out, seed, minutes, start_from)


def recipe_for(name: str, profile: str | None = None, auxiliary: Sequence[str] = ()) -> AnyRecipe:
    """Returns the recipe called `name`; for another `profile` than its own the one made for it, `name`_`profile`, if there is.

    `auxiliary`: A3C's heads, where others than its recipe's are asked for.

    Raises:
        ConfigError: no such recipe, its file breaks a rule, or its algorithm has no heads to choose.
    """
    recipe = _load(name)
    # A file may be called as a shipped profile is; the recipe made for that one is not for the file.
    if own_name(name, profile) in recipe_names() and (own := _load(own_name(name, profile))).profile == profile:
        recipe = own
    if auxiliary:
        if not isinstance(recipe, A3cRecipe):
            raise ConfigError(f"Recipe '{name}' has no auxiliary heads to choose; --auxiliary is for A3C.")
        recipe = recipe.with_heads(list(auxiliary))
    if profile in (None, recipe.profile):
        return recipe
    return replace(recipe, name=own_name(recipe.name, profile), profile=str(profile))


def _load(name: str) -> AnyRecipe:
    if is_a3c(name):
        return load_a3c_recipe(name)
    if is_imitation(name):
        return load_imitation_recipe(name)
    return load_standard_recipe(name) if is_standard(name) else load_recipe(name)


def _of_expert(recipe: AnyRecipe, expert: Path) -> ImitationRecipe | GailRecipe:
    """Returns the recipe with another expert."""
    if not isinstance(recipe, ImitationRecipe | GailRecipe):
        raise ConfigError(f"Recipe '{recipe.name}' learns from no expert; --expert is for behaviour cloning, DAgger and GAIL.")
    return replace(recipe, expert=str(expert))


def main(
    recipe: str = typer.Argument(help="Name of a recipe, for instance reach."),
    out: Path = typer.Option(help="Folder for the checkpoint and the TensorBoard log."),
    frames: int | None = typer.Option(None, min=1, help="Frames to train on; the recipe says otherwise."),
    minutes: float | None = typer.Option(None, min=0.1, help="Stop after this many minutes."),
    seed: int = typer.Option(0, help="Seed of weights, actions and episodes."),
    start_from: Path | None = typer.Option(None, help="Folder of a policy to continue."),
    resume: bool = typer.Option(False, help="Go on with the run in --out, given its options, or more --frames."),
    arm: str | None = typer.Option(None, help="Name of the arm; the recipe's when not given."),
    profile: str | None = typer.Option(
        None,
        help="Simulator profile (name or .yaml file), none that is held out; the recipe's when not given. A recipe NAME_PROFILE "
        "is used.",
    ),
    engine: str = typer.Option(
        "local", help="A3C: where the workers run: local (processes of this machine), or ray (which must be installed)."
    ),
    auxiliary: list[str] | None = typer.Option(None, help="A3C: an auxiliary head, depth or closure; may be repeated."),
    expert: Path | None = typer.Option(None, help="Imitation: folder of the teacher to learn from; the guide when not given."),
) -> None:
    """Trains a policy in simulation."""
    try:
        chosen = recipe_for(recipe, profile, auxiliary or ())
        if expert is not None:
            chosen = _of_expert(chosen, expert)
        if arm is not None:
            chosen = replace(chosen, arm=arm, name=f"{chosen.name}_{arm}")
        card = train(chosen.with_frames(frames) if frames else chosen, out, seed, minutes, start_from, resume, engine=engine)
    except JacoError as error:
        typer.echo(f"train: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out}: {card.training['frames']} frames, success {card.training['training_success']:.1%} while training.")
    if (measured := card.training.get("speed_up")) is not None:
        one, every = measured["frames_per_second_of_one"], measured["frames_per_second_of_all"]
        count, speed_up = measured["workers"], measured["speed_up"]
        typer.echo(f"1 worker: {one:.0f} frames/s, {count}: {every:.0f} frames/s, a speed-up of {speed_up:.2f}.")


if __name__ == "__main__":
    typer.run(main)
