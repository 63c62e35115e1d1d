"""Identification from a run of the graph: the excitation behind the supervisor, on two held-out twins, against what they hide."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from jaco_bringup.bench.identification import SECONDS, WORLDS, errors, hidden_in
from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.measured import run_quietly
from jaco_bringup.commands.identify import identify, read_record
from jaco_bringup.graph import sim_graph
from jaco_core.domain import RosDomain


def measure(domain: RosDomain) -> dict[str, Figure]:
    """Returns, for each world, the largest errors of gain and latency [share] and the camera position's [m].

    Raises:
        RunFailed: a run ended before its time, as it does when the supervisor stops the arm.
    """
    figures: dict[str, Figure] = {}
    for profile, seed in WORLDS:
        with TemporaryDirectory(prefix="jaco-bench-") as folder:
            graph = sim_graph({"excite": SECONDS, "profile": profile, "seed": seed, "run_dir": folder})
            run_quietly(graph, Path(folder), domain)
            record, _ = read_record(Path(folder))
        figures |= {f"{profile}_{key}": value for key, value in errors(identify(record), hidden_in(profile, seed)).items()}
    return figures
