"""In lockstep, a seed is a trajectory: whatever the order in which processes start, and however slow one of them is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import EpisodeState

from jaco_bringup.domain import take_domain
from jaco_bringup.graph import Graph, sim_graph
from jaco_bringup.runner import Runner
from jaco_core.ros import qos
from jaco_core.ros.testing import GraphUnderTest

EPISODES = 2


def run(folder: Path, seed: int, arrange: Callable[[Graph], Graph] = lambda graph: graph, slow: str = "") -> tuple[str, int]:
    """Runs the simulated graph and returns the trajectory's sha256 and the number of ticks."""
    graph = arrange(sim_graph({"episodes": EPISODES, "seed": seed, "run_dir": str(folder / "recording")}))
    with take_domain(None) as domain, GraphUnderTest(domain.number) as console:
        figures: dict[str, str] = {}
        verdicts = console.collect(EpisodeState, "/episode/state", qos.RECORD)

        def on_diagnostics(message: DiagnosticArray) -> None:
            figures.update(
                {value.key: value.value for status in message.status if status.name == "sim" for value in status.values}
            )

        console.console.create_subscription(DiagnosticArray, "/diagnostics", on_diagnostics, qos.RECORD)
        done = threading.Event()
        runner = Runner(graph, folder, domain.number)
        hinder = threading.Thread(target=_hinder, args=(runner, slow, done))
        hinder.start()
        try:
            outcome = runner.run(lambda: False, lambda: console.executor.spin_once(timeout_sec=0.01))
        finally:
            done.set()
            hinder.join()
        assert outcome.code == 0, outcome.sentence
        ended = sum(verdict.phase == EpisodeState.ENDED for verdict in verdicts)
        assert ended == EPISODES
        return figures["trajectory_sha256"], int(figures["ticks"])


def _hinder(runner: Runner, name: str, done: threading.Event) -> None:
    """Stops and continues the process of node `name` until `done`, so that it gets about half of the time."""
    while name and not done.wait(0.03):
        for pid in [process.pid for process in list(runner._processes.values()) if process.name == name]:
            try:
                psutil.Process(pid).send_signal(signal.SIGSTOP)
                done.wait(0.03)
                psutil.Process(pid).send_signal(signal.SIGCONT)
            except psutil.NoSuchProcess:
                continue


def backwards(graph: Graph) -> Graph:
    return Graph(graph.name, tuple(reversed(graph.nodes)))


def test_the_same_seed_gives_the_same_trajectory_and_another_seed_another(tmp_path: Path) -> None:
    first = run(tmp_path / "first", seed=7)
    assert first[1] > EPISODES * 100
    assert run(tmp_path / "backwards", seed=7, arrange=backwards) == first
    assert run(tmp_path / "slow-policy", seed=7, slow="policy") == first
    assert run(tmp_path / "slow-supervisor", seed=7, slow="supervisor") == first
    assert run(tmp_path / "other", seed=8)[0] != first[0]
