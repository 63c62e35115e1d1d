"""`jaco experiment`: conditions and seeds through the graph."""

from __future__ import annotations

from pathlib import Path

import typer

from jaco_bringup.experiments import reach_transfer
from jaco_bringup.policies import check_policy
from jaco_bringup.session import choose_domain
from jaco_core.errors import ConfigError

EXPERIMENTS = {"reach_transfer": reach_transfer.run}


def run(name: str, plan: reach_transfer.Plan, out: Path) -> int:
    """Runs the experiment called `name` into `out`, going on from what is there.

    Raises:
        JacoError: no such experiment, the policy or the plan is not as it must be, or a run failed.
    """
    if name not in EXPERIMENTS:
        raise ConfigError(f"There is no experiment '{name}'; known: {', '.join(EXPERIMENTS)}.")
    check_policy(plan.policy, "j2n6s300", "reach")
    folder = out.expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with choose_domain(None) as domain:
        EXPERIMENTS[name](plan, folder, domain, typer.echo)
    typer.echo(f"{folder / reach_transfer.RESULTS_FILE} and {folder / reach_transfer.PLOT_FILE}")
    return 0
