"""`jaco up`: a graph that stays up until Ctrl-C."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from jaco_bringup.arguments import Value
from jaco_bringup.commands.sim import excited as told_after_excitation
from jaco_bringup.graph import GRAPHS
from jaco_bringup.policies import check_policy
from jaco_bringup.run_dir import new_run_dir
from jaco_bringup.session import choose_domain, run_graph


def run(side: str, arguments: Mapping[str, Value], domain: int | None, run_dir: Path | None) -> int:
    """Runs graph `side` until a signal comes; returns the exit code, 0 when it was the signal that ended it.

    Raises:
        JacoError: an argument is wrong; then nothing was started.
    """
    spec = GRAPHS[side]
    spec.build(arguments)
    excited = bool(arguments.get("excite"))
    if not excited:
        check_policy(str(arguments["policy"]), str(arguments["arm"]), str(arguments["task"]))
    with choose_domain(domain) as held:
        folder = new_run_dir(run_dir, datetime.now())
        print(f"{spec.description} ROS domain {held.number}, log and recording in {folder}. Ctrl-C ends it.", flush=True)
        outcome = run_graph(spec.build({**arguments, "run_dir": str(folder)}), folder, held, lambda line: print(line, flush=True))
    if excited and not outcome.code:
        print(told_after_excitation(folder), flush=True)
    return 0 if outcome.code == 130 else outcome.code
