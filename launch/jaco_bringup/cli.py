"""The `jaco` command. What a command does is a module of jaco_bringup.commands, imported when asked for: --help is quick."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from jaco_core.errors import JacoError

BAD_INPUT = 2

app = typer.Typer(
    help="A robot arm that reaches by sight, over ROS 2, behind a safety supervisor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Domain = Annotated[int | None, typer.Option(help="ROS domain; ROS_DOMAIN_ID, or the first free one, when not given.")]
RunDir = Annotated[Path | None, typer.Option(help="Folder for everything that the run leaves; runs/<time> when not given.")]
Policy = Annotated[str, typer.Option(help="Policy: a name of `jaco models`, or the path of a folder.")]
Task = Annotated[str, typer.Option(help="Task that is asked of the arm.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the whole run.")]
Realtime = Annotated[bool, typer.Option("--realtime", help="Pace the simulator to the wall clock instead of lockstep.")]
Profile = Annotated[str, typer.Option(help="Simulator profile.")]


class Side(str, Enum):
    """What a graph ends in."""

    sim = "sim"
    real = "real"


class Suite(str, Enum):
    """Which tests run."""

    unit = "unit"
    system = "system"
    all = "all"


@app.command()
def sim(
    episodes: Annotated[int, typer.Option(min=1, help="Episodes to run.")] = 20,
    seed: Seed = 0,
    task: Task = "reach",
    policy: Policy = "reach",
    profile: Profile = "nominal",
    realtime: Realtime = False,
    report: Annotated[bool, typer.Option(help="Write summary, video and picture after the run.")] = True,
    domain: Domain = None,
    run_dir: RunDir = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the result only.")] = False,
    learn: Annotated[bool, typer.Option("--learn", help="Let the embedded learner improve the policy meanwhile.")] = False,
    steps: Annotated[int, typer.Option(min=0, help="With --learn: control steps to run, in place of episodes.")] = 0,
    method: Annotated[str, typer.Option(help="With --learn: progressive, finetuned, output, scratch or random.")] = "progressive",
    size: Annotated[str, typer.Option(help="With --learn: the new column, wide or narrow.")] = "wide",
) -> None:
    """Run episodes in simulation, through the whole graph, and report on them."""
    from jaco_bringup.commands.sim import SimOptions, run

    options = SimOptions(episodes, seed, task, policy, profile, realtime, report, domain, run_dir, quiet)
    raise typer.Exit(run(replace(options, learn=learn, steps=steps, method=method, size=size)))


@app.command()
def replay(run_dir: Annotated[Path, typer.Argument(help="Folder of a run of `jaco sim --learn`.")]) -> None:
    """Learn again from a run's recording, and compare the weights with those that were learned in the graph."""
    from jaco_bringup.commands.replay import run

    raise typer.Exit(run(run_dir))


@app.command()
def experiment(
    name: Annotated[str, typer.Argument(help="Experiment: reach_transfer.")],
    out: Annotated[Path, typer.Option(help="Folder for results.json and the plot; gone on from if it has some.")],
    steps: Annotated[int, typer.Option(min=100, help="Control steps of each run.")] = 60_000,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 3,
    condition: Annotated[list[str] | None, typer.Option(help="A condition, once or more; all when not given.")] = None,
    policy: Policy = "reach",
    profile: Profile = "twin-3",
) -> None:
    """Learn under several conditions through the graph in lockstep, and plot the curves beside the paper's."""
    from jaco_bringup.commands.experiment import run
    from jaco_bringup.experiments.reach_transfer import CONDITIONS, Plan

    plan = Plan(steps, tuple(range(seeds)), tuple(condition or CONDITIONS), policy, profile)
    raise typer.Exit(run(name, plan, out))


@app.command()
def up(
    side: Annotated[Side, typer.Argument(help="What the graph ends in.")] = Side.sim,
    arm: Annotated[str, typer.Option(help="Arm.")] = "j2n6s300",
    task: Task = "reach",
    policy: Policy = "reach",
    camera: Annotated[
        str, typer.Option(help="Camera of the real graph: device:0, URL, video file or folder of images.")
    ] = "device:0",
    calibration: Annotated[str, typer.Option(help="Calibration file of that camera.")] = "",
    backend: Annotated[str, typer.Option(help="How the driver reaches the arm.")] = "fake",
    domain: Domain = None,
    run_dir: RunDir = None,
) -> None:
    """Start a graph and keep it up until Ctrl-C, which stops the arm first."""
    from jaco_bringup.commands.up import run

    common: dict[str, bool | int | float | str | tuple[str, ...]] = {"arm": arm, "task": task, "policy": policy, "episodes": 0}
    own: dict[str, bool | str] = (
        {"realtime": True} if side is Side.sim else {"camera": camera, "calibration": calibration, "backend": backend}
    )
    raise typer.Exit(run(side.value, {**common, **own}, domain, run_dir))


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="Benchmark: latency, lockstep, minimality or safety.")],
    json: Annotated[Path | None, typer.Option(help="File for the figures, as one flat JSON object.")] = None,
    policy: Policy = "reach",
    ticks: Annotated[int, typer.Option(min=1, help="Adversarial ticks of the benchmark safety.")] = 20_000,
) -> None:
    """Measure, print a table, and write the figures with machine and versions."""
    from jaco_bringup.commands.bench import run

    raise typer.Exit(run(name, json, policy, ticks))


@app.command()
def test(suite: Annotated[Suite, typer.Argument(help="Which tests.")] = Suite.all) -> None:
    """Check style and types, and run the tests."""
    from jaco_bringup.commands.test import run

    raise typer.Exit(run(suite.value))


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing and how to get it."""
    from jaco_bringup.commands.doctor import run

    raise typer.Exit(run())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Recipe.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the policy; runs/train-<name>-<time> when not given.")] = None,
) -> None:
    """Train a policy in simulation. Further options: see `python -m jaco_learner.train --help`."""
    from jaco_bringup.commands.learn import train as run

    raise typer.Exit(run(name, out, context.args))


@app.command("eval", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def evaluate(context: typer.Context, policy: Policy = "reach") -> None:
    """Score a policy on held-out episodes. Further options: see `python -m jaco_learner.evaluate --help`."""
    from jaco_bringup.commands.learn import evaluate as run

    raise typer.Exit(run(policy, context.args))


@app.command()
def models() -> None:
    """List the shipped policies with what they are for and how well they do."""
    from jaco_bringup.commands.models import run

    raise typer.Exit(run())


def main() -> None:
    """Runs the command; an error that is meant for people is one sentence on stderr."""
    try:
        app()
    except JacoError as error:
        print(f"jaco: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
