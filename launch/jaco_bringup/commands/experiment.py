"""`jaco experiment`: conditions and seeds, with results and a plot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from jaco_bringup.experiments import a3c_heads, reach_transfer
from jaco_bringup.policies import check_policy
from jaco_bringup.session import choose_domain
from jaco_core.errors import ConfigError

# Steps of each run where nobody says how many.
_TRANSFER_STEPS, _A3C_FRAMES = 60_000, 1_000_000


@dataclass(frozen=True)
class ExperimentOptions:
    """What the command was asked. `policy` and `profile`: of experiments through the graph; `conditions`: all when empty."""

    steps: int | None
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]
    policy: str
    profile: str


def run(name: str, options: ExperimentOptions, out: Path) -> int:
    """Runs the experiment called `name` into `out`, going on from what is there.

    Raises:
        JacoError: no such experiment, the policy or the plan is not as it must be, or a run failed.
    """
    experiments = {"reach_transfer": _reach_transfer, "a3c_heads": _a3c_heads}
    if name not in experiments:
        raise ConfigError(f"There is no experiment '{name}'; known: {', '.join(experiments)}.")
    folder = out.expanduser().absolute()
    experiments[name](options, folder)
    typer.echo(f"{folder / reach_transfer.RESULTS_FILE} and {folder / reach_transfer.PLOT_FILE}")
    return 0


def _reach_transfer(options: ExperimentOptions, folder: Path) -> None:
    conditions = options.conditions or tuple(reach_transfer.CONDITIONS)
    steps = options.steps or _TRANSFER_STEPS
    plan = reach_transfer.Plan(steps, options.seeds, conditions, options.policy, options.profile)
    check_policy(plan.policy, "j2n6s300", "reach")
    folder.mkdir(parents=True, exist_ok=True)
    with choose_domain(None) as domain:
        reach_transfer.run(plan, folder, domain, typer.echo)


def _a3c_heads(options: ExperimentOptions, folder: Path) -> None:
    plan = a3c_heads.Plan(options.steps or _A3C_FRAMES, options.seeds, options.conditions or tuple(a3c_heads.HEADS))
    folder.mkdir(parents=True, exist_ok=True)
    a3c_heads.run(plan, folder, typer.echo)
