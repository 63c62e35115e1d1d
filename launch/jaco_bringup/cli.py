"""The `jaco` command. What a command does is a module of jaco_bringup.commands, imported when asked for: --help is quick."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from jaco_core.errors import ConfigError, JacoError

BAD_INPUT = 2

app = typer.Typer(
    help="A robot arm that reaches by sight, over ROS 2, behind a safety supervisor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Domain = Annotated[int | None, typer.Option(help="ROS domain; ROS_DOMAIN_ID, or the first free one, when not given.")]
RunDir = Annotated[Path | None, typer.Option(help="Folder for everything that the run leaves; runs/<time> when not given.")]
LearningDir = Annotated[
    Path | None, typer.Option(help="With --learn: folder of versions, gone on from if it has some; learning in the run's folder.")
]
Policy = Annotated[str, typer.Option(help="Policy: a name of `jaco models`, or the path of a folder.")]
Task = Annotated[str, typer.Option(help="Task that is asked of the arm.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the whole run.")]
Realtime = Annotated[bool, typer.Option("--realtime", help="Pace the simulator to the wall clock instead of lockstep.")]
Profile = Annotated[str, typer.Option(help="Simulator profile: a name, or a .yaml file.")]
Cameras = Annotated[str, typer.Option(help="Further cameras: wrist,scene in simulation, a YAML file on the real graph.")]
Excite = Annotated[
    float, typer.Option(min=0.0, help="Seconds of motion of every joint in place of the policy, for `jaco identify`; 0: none.")
]
Extent = Annotated[float, typer.Option(min=0.1, max=1.0, help="With --excite: share of its speeds and of its reach.")]
Curriculum = Annotated[
    bool,
    typer.Option("--curriculum", help="Begin episodes near the target, further away as they succeed, nearer where they fail."),
]
Depth = Annotated[bool, typer.Option("--depth", help="Publish depth, aligned to the camera's picture.")]


class Side(str, Enum):
    """What a graph ends in."""

    sim = "sim"
    real = "real"


class Through(str, Enum):
    """What an evaluation goes through."""

    env = "env"
    graph = "graph"


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
    size: Annotated[str, typer.Option(help="With --learn: the new column, wide, narrow, felt or felt-maps.")] = "wide",
    algorithm: Annotated[
        str, typer.Option(help="With --learn: asymmetric, actor-critic, or off-policy with --size felt.")
    ] = "asymmetric",
    learning_dir: LearningDir = None,
    cameras: Cameras = "",
    depth: Depth = False,
    excite: Excite = 0.0,
    extent: Extent = 1.0,
    curriculum: Curriculum = False,
) -> None:
    """Run episodes in simulation, through the whole graph, and report on them."""
    from jaco_bringup.commands.sim import SimOptions, run

    options = SimOptions(episodes, seed, task, policy, profile, realtime, report, domain, run_dir, quiet)
    options = replace(
        options, cameras=cameras, depth=depth, algorithm=algorithm, excite=excite, extent=extent, curriculum=curriculum
    )
    raise typer.Exit(run(replace(options, learn=learn, steps=steps, method=method, size=size, learning_dir=learning_dir)))


@app.command()
def replay(run_dir: Annotated[Path, typer.Argument(help="Folder of a run of `jaco sim --learn`.")]) -> None:
    """Learn again from a run's recording, and compare the weights with those that were learned in the graph."""
    from jaco_bringup.commands.replay import run

    raise typer.Exit(run(run_dir))


@app.command()
def identify(
    run_dir: Annotated[Path, typer.Argument(help="Folder of a run, best of a minute or more of one arm in one place.")],
    out: Annotated[Path, typer.Option(help="YAML file for the simulator profile.")],
    base: Annotated[str, typer.Option(help="Profile whose looks it has, and where the search begins.")] = "nominal",
    camera: Annotated[bool, typer.Option(help="Look for the camera's pose and delay, too.")] = True,
) -> None:
    """Estimate gains, friction, load, latency and camera pose from a run's recording, as a profile to train on."""
    from jaco_bringup.commands.identify import run

    raise typer.Exit(run(run_dir, out, base, camera))


@app.command()
def experiment(
    name: Annotated[str, typer.Argument(help="Experiment; an unknown name lists them.")],
    out: Annotated[Path, typer.Option(help="Folder for results.json and the plot; gone on from if it has some.")],
    steps: Annotated[
        int | None,
        typer.Option(
            min=100, help="Steps of each run; reach_transfer 60,000, conveyor 15,000, transfer_sensitivity 6,000, A3C 1,000,000."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 3,
    condition: Annotated[list[str] | None, typer.Option(help="A condition, once or more; the paper's when not given.")] = None,
    policy: Annotated[
        str | None, typer.Option(help="What transfers; reach_randomized_pixels, for transfer_sensitivity reach.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Of reach_transfer and conveyor: a name, or a .yaml file; twin-2.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at once; two use two cores better than one. Not A3C's.")] = None,
) -> None:
    """Learn under several conditions: through the graph in lockstep, or by A3C with other auxiliary heads or on other engines."""
    from jaco_bringup.commands.experiment import ExperimentOptions, run

    options = ExperimentOptions(steps, tuple(range(seeds)), tuple(condition or ()), policy, profile, jobs)
    raise typer.Exit(run(name, options, out))


@app.command()
def up(
    side: Annotated[Side, typer.Argument(help="What the graph ends in.")] = Side.sim,
    arm: Annotated[str, typer.Option(help="Arm.")] = "j2n6s300",
    task: Task = "reach",
    policy: Policy = "reach",
    camera: Annotated[
        str, typer.Option(help="Camera of the real graph: device:0, realsense:, URL, video file or folder of images.")
    ] = "device:0",
    loop: Annotated[bool, typer.Option("--loop", help="A video file or folder in its place begins again at its end.")] = False,
    cameras: Cameras = "",
    depth: Depth = False,
    calibration: Annotated[str, typer.Option(help="Calibration file of that camera.")] = "",
    camera_pose: Annotated[str, typer.Option(help="Where it is: a YAML file, or a name that the package has.")] = "nominal",
    start: Annotated[str, typer.Option(help="Where the real graph's episodes start: random or home.")] = "random",
    mode: Annotated[
        str, typer.Option(help="How much the policy may do at first; observe on the real graph when not given.")
    ] = "",
    episodes: Annotated[int, typer.Option(min=0, help="Episodes after which the graph ends itself; 0: never.")] = 0,
    minutes: Annotated[
        float, typer.Option(min=0.0, help="Minutes after which the real graph begins no episode; 0: never.")
    ] = 0.0,
    backend: Annotated[
        str, typer.Option(help="How the driver reaches the arm; auto: kortex with --robot-ip, else fake.")
    ] = "auto",
    robot_ip: Annotated[str, typer.Option(help="Address of a Kortex arm.")] = "",
    port_tcp: Annotated[int, typer.Option(help="Its port for commands.")] = 10000,
    port_udp: Annotated[int, typer.Option(help="Its port for feedback.")] = 10001,
    credentials: Annotated[str, typer.Option(help="File with its user and password; else the environment says them.")] = "",
    controllers: Annotated[
        str, typer.Option(help="Set-up of backend ros2_control: generic, ur, franka, kortex or a file.")
    ] = "generic",
    learn: Annotated[bool, typer.Option("--learn", help="On the real graph: the policy explores, and is improved.")] = False,
    steps: Annotated[int, typer.Option(min=0, help="With --learn: control steps after which no episode begins; 0: never.")] = 0,
    method: Annotated[str, typer.Option(help="With --learn: progressive, finetuned, output, scratch or random.")] = "progressive",
    size: Annotated[str, typer.Option(help="With --learn: the new column, wide, narrow, felt or felt-maps.")] = "wide",
    algorithm: Annotated[
        str, typer.Option(help="With --learn: asymmetric, actor-critic, or off-policy with --size felt.")
    ] = "asymmetric",
    learning_dir: LearningDir = None,
    excite: Excite = 0.0,
    extent: Extent = 1.0,
    curriculum: Curriculum = False,
    domain: Domain = None,
    run_dir: RunDir = None,
) -> None:
    """Start a graph and keep it up until its budget is spent or Ctrl-C comes, which stops the arm first."""
    from jaco_bringup.commands.up import run

    common: dict[str, bool | int | float | str | tuple[str, ...]] = {"arm": arm, "task": task, "policy": policy}
    common |= {"cameras": cameras, "depth": depth, "excite": excite, "extent": extent, "curriculum": curriculum}
    common |= {"episodes": episodes} | ({"mode": mode} if mode else {})
    kortex: dict[str, int | str] = {"robot_ip": robot_ip, "tcp_port": port_tcp, "udp_port": port_udp, "credentials": credentials}
    seen: dict[str, bool | float | str] = {"camera": camera, "loop": loop, "calibration": calibration, "camera_pose": camera_pose}
    own: dict[str, bool | int | float | str] = (
        {"realtime": True} if side is Side.sim else {**seen, "start": start, "minutes": minutes, "backend": backend, **kortex}
    )
    if side is Side.real:
        own["controllers"] = controllers
        own |= {"learn": learn, "steps": steps, "method": method, "size": size, "learning_dir": str(learning_dir or "")}
        own["algorithm"] = algorithm
    elif learn:
        raise ConfigError("`jaco up sim` does not learn; `jaco sim --learn --realtime` does.")
    raise typer.Exit(run(side.value, {**common, **own}, domain, run_dir))


@app.command()
def emulate(
    arm: Annotated[str, typer.Argument(help="Arm that the base has: gen3, gen3_6dof or gen3_lite.")] = "gen3",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port_tcp: Annotated[int, typer.Option(min=0, max=65535, help="Port of the high-level API; 0: a free one.")] = 10000,
    port_udp: Annotated[int, typer.Option(min=0, max=65535, help="Port of the cyclic API; 0: a free one.")] = 10001,
    port_control: Annotated[int, typer.Option(min=0, max=65535, help="HTTP port for control and camera; 0: a free one.")] = 10002,
    task: Task = "reach",
    profile: Profile = "nominal",
    seed: Seed = 0,
    camera: Annotated[bool, typer.Option(help="Draw the scene for who opens /camera.mjpg on the control port.")] = True,
    image_size: Annotated[int, typer.Option(min=16, max=2048, help="Width and height of its pictures [px].")] = 64,
    trouble: Annotated[list[str] | None, typer.Option(help="What goes wrong, as in hung=true; may be repeated.")] = None,
    domain: Annotated[
        int | None, typer.Option(min=0, max=101, help="ROS domain of a graph before whose episodes the target is moved.")
    ] = None,
) -> None:
    """Emulate a Kortex base with its arm in the simulator's scene, for the real driver to connect to."""
    from jaco_bringup.commands.emulate import EmulateOptions, run

    ports = port_tcp, port_udp, port_control
    raise typer.Exit(
        run(EmulateOptions(arm, host, *ports, task, profile, seed, camera, image_size, tuple(trouble or ()), domain))
    )


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="Benchmark; an unknown name lists them.")],
    json: Annotated[Path | None, typer.Option(help="File for the figures, as one flat JSON object.")] = None,
    policy: Policy = "reach",
    ticks: Annotated[int, typer.Option(min=1, help="Adversarial ticks of the benchmark safety.")] = 20_000,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes of the benchmarks emulated and false-stops.")] = 100,
) -> None:
    """Measure, print a table, and write the figures with machine and versions."""
    from jaco_bringup.commands.bench import run

    raise typer.Exit(run(name, json, policy, ticks, episodes))


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
def evaluate(
    context: typer.Context,
    policy: Policy = "reach",
    task: Annotated[str | None, typer.Option(help="Task; the card's when not given.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="Simulator profile (name or .yaml file); the card's when not given.")
    ] = None,
    episodes: Annotated[int, typer.Option(min=1, help="How many held-out episodes.")] = 500,
    seed: Seed = 0,
    through: Annotated[Through, typer.Option(help="env: physics and pictures alone; graph: the whole ROS graph.")] = Through.env,
    json: Annotated[Path | None, typer.Option(help="File for the scores, as one JSON object.")] = None,
) -> None:
    """Score a policy on held-out episodes. More (--sweep, --pictures): `python -m jaco_learner.evaluate --help`."""
    from jaco_bringup.commands.evaluate import EvalOptions, run

    raise typer.Exit(run(EvalOptions(policy, task, profile, episodes, seed, through.value, json, tuple(context.args))))


@app.command()
def analyse(
    policy: Annotated[str, typer.Argument(help="Policy with several columns: a name of `jaco models`, or the path of a folder.")],
    out: Annotated[Path, typer.Option(help="Folder for analysis.json and analysis.png.")],
    profile: Annotated[
        str | None, typer.Option(help="Simulator profile (name or .yaml file); the card's when not given.")
    ] = None,
    episodes: Annotated[int, typer.Option(min=1, help="How many episodes are observed.")] = 20,
    seed: Seed = 0,
    score: Annotated[bool, typer.Option(help="Also see what noise on each layer does to the score.")] = True,
    recording: Annotated[
        Path | None, typer.Option(help="Folder of a run of `jaco sim --learn`: its last episodes in place of new ones, no score.")
    ] = None,
) -> None:
    """Measure which columns and layers a grown policy relies on: Average Fisher and Average Perturbation Sensitivity."""
    from jaco_bringup.commands.analyse import run, run_recorded

    if recording is not None:
        raise typer.Exit(run_recorded(policy, out, recording, episodes))
    run(policy, out, profile, episodes, seed, score)


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
