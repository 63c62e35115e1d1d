"""`jaco experiment`: conditions and seeds, with results and a plot."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import MappingProxyType

import typer

from jaco_bringup.bench.measured import RunFailed, run_quietly
from jaco_bringup.experiments import a3c, conveyor, reach_transfer, through_graph, transfer_sensitivity
from jaco_bringup.experiments.results import PLOT_FILE, RESULTS_FILE
from jaco_bringup.graph import Graph
from jaco_bringup.policies import check_policy, find_policy
from jaco_bringup.session import choose_domain
from jaco_core.domain import take_domain
from jaco_core.errors import ConfigError

_THROUGH_GRAPH: Mapping[str, type[through_graph.GraphPlan]] = MappingProxyType(
    {plan.name: plan for plan in (reach_transfer.Plan, conveyor.Plan)}
)
# Steps of each run of the others where nobody says how many.
_SENSITIVITY_STEPS, _A3C_FRAMES = 6_000, 1_000_000
# What transfers where nobody says otherwise: to a twin, what was trained for it; to a small change, what knows nothing else.
_TRANSFER_POLICY, _SENSITIVITY_POLICY = "reach_randomized_pixels", "reach"
_TRANSFER_PROFILE = "twin-2"
_HEEDED = dict.fromkeys(_THROUGH_GRAPH, ("policy", "profile", "jobs")) | {transfer_sensitivity.NAME: ("policy", "jobs")}
"""What an experiment heeds beside steps, seeds and conditions; A3C's, which begin with nothing and use all cores, nothing."""


@dataclass(frozen=True)
class ExperimentOptions:
    """What the command was asked; None, or no `conditions`: the usual."""

    steps: int | None
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]
    policy: str | None
    profile: str | None
    jobs: int | None

    @property
    def at_once(self) -> int:
        """How many runs go on at once."""
        return self.jobs or 1


def run(name: str, options: ExperimentOptions, out: Path) -> int:
    """Runs the experiment called `name` into `out`, going on from what is there.

    Raises:
        JacoError: no such experiment, the policy or the plan is not as it must be, or a run failed.
    """
    known = (*_THROUGH_GRAPH, transfer_sensitivity.NAME, *a3c.EXPERIMENTS)
    if name not in known:
        raise ConfigError(f"There is no experiment '{name}'; known: {', '.join(known)}.")
    for option in ("policy", "profile", "jobs"):
        if getattr(options, option) is not None and option not in _HEEDED.get(name, ()):
            heeding = [each for each, options_of in _HEEDED.items() if option in options_of]
            raise ConfigError(f"--{option} says nothing to experiment {name}; it is for {', '.join(heeding)}.")
    folder = out.expanduser().absolute()
    if name in a3c.EXPERIMENTS:
        _a3c(name, options, folder)
    elif name == transfer_sensitivity.NAME:
        _transfer_sensitivity(options, folder)
    else:
        _through_graph(_THROUGH_GRAPH[name], options, folder)
    typer.echo(f"{folder / RESULTS_FILE} and {folder / PLOT_FILE}")
    return 0


def _through_graph(kind: type[through_graph.GraphPlan], options: ExperimentOptions, folder: Path) -> None:
    conditions, steps = options.conditions or tuple(kind.usual), options.steps or kind.usual_steps
    plan = kind(steps, options.seeds, conditions, options.policy or _TRANSFER_POLICY, options.profile or _TRANSFER_PROFILE)
    check_policy(plan.policy, "j2n6s300", "reach")
    folder.mkdir(parents=True, exist_ok=True)
    through_graph.run(plan, folder, typer.echo, partial(run_apart, alone=options.at_once == 1), options.at_once)


def _transfer_sensitivity(options: ExperimentOptions, folder: Path) -> None:
    conditions = options.conditions or tuple(transfer_sensitivity.CONDITIONS)
    policy = find_policy(options.policy or _SENSITIVITY_POLICY)
    plan = transfer_sensitivity.Plan(options.steps or _SENSITIVITY_STEPS, options.seeds, conditions, str(policy))
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.at_once, multiprocessing.get_context("spawn"), _go_with_parent) as pool:
        transfer_sensitivity.run(plan, folder, typer.echo, pool, options.at_once)
    typer.echo(f"{folder / transfer_sensitivity.SENSITIVITY_FILE}")


def _go_with_parent() -> None:
    """Has this process end when the one that wanted its work was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run_apart(build: Callable[[], Graph], folder: Path, *, alone: bool) -> None:
    """Runs a graph from a process of its own, so that several can run at once. `alone`: it may take the domain that is asked for.

    Raises:
        RunFailed: the run ended before its time.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        try:
            pool.submit(_run, build, folder, alone).result()
        except BrokenProcessPool:
            raise RunFailed(f"The process that ran the graph of {folder} was killed.") from None


def _run(build: Callable[[], Graph], folder: Path, alone: bool) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        with choose_domain(None) if alone else take_domain(None) as domain:
            run_quietly(build(), folder, domain)
    finally:
        if not parent.is_alive():
            os._exit(1)  # nobody is there to be told, or to end this process


def _end_with(parent: BaseProcess) -> None:
    """Ends this process's run when the process that wanted it was killed."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _a3c(name: str, options: ExperimentOptions, folder: Path) -> None:
    conditions = options.conditions or tuple(a3c.EXPERIMENTS[name])
    plan = a3c.Plan(name, options.steps or _A3C_FRAMES, options.seeds, conditions)
    folder.mkdir(parents=True, exist_ok=True)
    a3c.run(plan, folder, typer.echo)
