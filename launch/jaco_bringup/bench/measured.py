"""One short run of the simulated graph, and what it came to."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from jaco_bringup.arguments import Value
from jaco_bringup.graph import Graph, sim_graph
from jaco_bringup.run_log import error_of, is_error
from jaco_bringup.session import run_graph
from jaco_core.domain import RosDomain
from jaco_core.errors import ContractError
from jaco_driver.driver import LATCHED
from jaco_monitor.report import write_summary
from jaco_monitor.summary import Summary


class RunFailed(ContractError):
    """The graph did not come to its end."""


def summary_of(domain: RosDomain, policy: str, episodes: int, *, realtime: bool) -> Summary:
    """Runs `episodes` in simulation and returns their summary.

    Raises:
        RunFailed: the run ended before its time.
    """
    with TemporaryDirectory(prefix="jaco-bench-") as folder:
        return record_run(Path(folder), domain, policy, episodes, realtime=realtime)


def record_run(folder: Path, domain: RosDomain, policy: str, episodes: int, *, realtime: bool) -> Summary:
    """Runs `episodes` in simulation, recorded in `folder`, and returns their summary.

    Raises:
        RunFailed: the run ended before its time.
    """
    arguments: dict[str, Value] = {"policy": policy, "episodes": episodes, "realtime": realtime}
    run_quietly(sim_graph({**arguments, "run_dir": str(folder)}), folder, domain)
    return write_summary(folder)


def run_quietly(graph: Graph, folder: Path, domain: RosDomain) -> None:
    """Runs `graph` to its end; only errors are shown.

    Raises:
        RunFailed: the run ended before its time, or its driver latched a fault, which nobody clears here.
    """
    latched: list[str] = []

    def show(line: str) -> None:
        if is_error(line):
            print(line, flush=True)
        if LATCHED in line:
            latched.append(error_of(line)[1].removesuffix(LATCHED).strip())

    def tick() -> None:
        if latched:
            raise RunFailed(f"The graph '{graph.name}' cannot go on, its driver is in fault: {latched[0]}")

    outcome = run_graph(graph, folder, domain, show, tick)
    if outcome.code != 0:
        raise RunFailed(f"The graph '{graph.name}' did not come to its end: {outcome.sentence}")
