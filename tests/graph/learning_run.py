"""Runs of the learning graph whose learner makes a version after each episode, or after so many steps."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from jaco_bringup.arguments import Value
from jaco_bringup.graph import Graph, learn_graph
from jaco_bringup.runner import Outcome, Runner
from jaco_core.domain import take_random_domain
from jaco_core.errors import TimeoutExceeded

EPISODES = 8
_PATIENCE_S = 120.0


def learn(
    folder: Path,
    interfere: Callable[[Runner, threading.Event], None] = lambda runner, over: None,
    learning_dir: str = "",
    episodes: int = EPISODES,
    algorithm: str = "actor-critic",
    batch_steps: int = 20,
) -> Outcome:
    """Runs the learning graph, with a version after each episode; `interfere` has a thread of its own until it is `over`."""
    arguments: dict[str, Value] = {"episodes": episodes, "seed": 3, "size": "narrow", "run_dir": str(folder), "profile": "twin-3"}
    arguments |= {"learning_dir": learning_dir, "algorithm": algorithm}
    # The policy waits 0.8 of it for a learner that was killed.
    arguments["lockstep_timeout"] = 30.0
    graph = learn_graph(arguments)
    eager = replace(graph.node("learner"), parameters={**graph.node("learner").parameters, "batch_steps": batch_steps})
    graph = Graph(graph.name, tuple(eager if node.name == "learner" else node for node in graph.nodes))
    with take_random_domain() as domain:
        over = threading.Event()
        runner = Runner(graph, folder, domain.number)
        thread = threading.Thread(target=interfere, args=(runner, over))
        thread.start()
        try:
            outcome = runner.run(lambda: False)
        finally:
            over.set()
            thread.join()
    return outcome


def learn_and_kill(folder: Path, learning_dir: str, enough: Callable[[], bool], batch_steps: int = 20) -> None:
    """Runs the learning graph from a process of its own, and kills that one when there is `enough`; returns when no node is left.

    Raises:
        TimeoutExceeded: there is never enough, or the nodes outlive their runner.
    """
    arguments = {"folder": folder, "learning_dir": learning_dir, "episodes": 1000, "batch_steps": batch_steps}
    process = multiprocessing.get_context("spawn").Process(target=learn, kwargs=arguments)
    process.start()
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while not enough():
            if time.monotonic() > deadline or not process.is_alive():
                raise TimeoutExceeded(f"The run did not come so far; its exit code: {process.exitcode}.")
            time.sleep(0.02)  # the poll interval of this bounded wait
        nodes = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.join(_PATIENCE_S)
    _, alive = psutil.wait_procs(nodes, _PATIENCE_S)
    if alive:
        raise TimeoutExceeded(f"Without their runner go on: {', '.join(str(node) for node in alive)}.")
