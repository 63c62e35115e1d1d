"""`jaco bench real`: episodes on the real graph with the driver's fake arm, seen by a drawn camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from jaco_bringup.arguments import Value
from jaco_bringup.bench.episodes import episode_figures
from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.measured import run_quietly
from jaco_bringup.graph import Graph, NodeSpec, real_graph
from jaco_core.domain import RosDomain
from jaco_monitor.report import write_summary

EPISODES = 20


def standin_graph(arguments: Mapping[str, Value], **supervisor: Value) -> Graph:
    """Returns the real graph with the stand-in instead of its camera; `supervisor`: further parameters of that node."""
    graph = real_graph({"mode": "autonomous", **arguments})
    nodes = []
    for node in graph.nodes:
        if node.name == "camera":
            task = graph.node("task").parameters["task"]
            arm = graph.node("driver").parameters["arm"]
            node = NodeSpec("camera", "jaco_bringup", "standin", {"arm": arm, "task": task})
        elif node.name == "supervisor":
            node = replace(node, parameters={**node.parameters, **supervisor})
        nodes.append(node)
    return replace(graph, name="standin", nodes=tuple(nodes))


def measure(domain: RosDomain, policy: str, episodes: int = EPISODES) -> dict[str, Figure]:
    """Returns what `episodes` came to.

    Raises:
        RunFailed: the run ended before its time.
    """
    with TemporaryDirectory(prefix="jaco-bench-") as folder:
        run_quietly(standin_graph({"policy": policy, "episodes": episodes, "run_dir": folder}), Path(folder), domain)
        return episode_figures(write_summary(Path(folder)))
