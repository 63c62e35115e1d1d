"""Learning in the graph: its recording gives the same weights again, and a killed learner costs nothing but its open episodes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jaco_bringup.arguments import Value
from jaco_bringup.commands.analyse import recorded_runs
from jaco_bringup.commands.replay import replay
from jaco_bringup.graph import Graph, learn_graph
from jaco_bringup.runner import Outcome, Runner
from jaco_core.domain import take_random_domain
from jaco_learner.embedded.log import read_log
from jaco_learner.embedded.versions import VersionStore
from jaco_monitor.report import write_summary

EPISODES = 8


def learn(
    folder: Path,
    interfere: Callable[[Runner, threading.Event], None] = lambda runner, over: None,
    learning_dir: str = "",
    episodes: int = EPISODES,
    algorithm: str = "actor-critic",
) -> Outcome:
    """Runs the learning graph, with a version after each episode; `interfere` has a thread of its own until it is `over`."""
    arguments: dict[str, Value] = {"episodes": episodes, "seed": 3, "size": "narrow", "run_dir": str(folder), "profile": "twin-3"}
    arguments |= {"learning_dir": learning_dir, "algorithm": algorithm}
    # The policy waits 0.8 of it for a learner that was killed.
    arguments["lockstep_timeout"] = 30.0
    graph = learn_graph(arguments)
    eager = replace(graph.node("learner"), parameters={**graph.node("learner").parameters, "batch_steps": 20})
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


def test_a_recording_gives_the_same_weights_as_the_graph(tmp_path: Path) -> None:
    assert learn(tmp_path / "run", algorithm="asymmetric").code == 0
    replayed = replay(tmp_path / "run")
    assert len(replayed.online) >= EPISODES - 2 and replayed.same
    # The first episodes show what new versions are held against; then the newest one acts in each.
    entries = read_log(tmp_path / "run" / "learning")
    acting = [entry.acting for entry in entries]
    assert acting[:6] == [1] * 6 and acting[6] == 7
    assert not any(entry.dropped for entry in entries)
    assert write_summary(tmp_path / "run", 3).episodes == EPISODES
    # An analysis finds in the recording what was learned from.
    newest = tmp_path / "run" / "learning" / f"{max(replayed.online):06d}"
    found = {run.transitions[-1].stamp_ns for run in recorded_runs(newest, tmp_path / "run", EPISODES)}
    assert found >= {entry.stamp_ns for entry in entries}
    assert len(recorded_runs(newest, tmp_path / "run", 2)) == 2


def test_a_killed_learner_goes_on_from_its_last_version_and_the_run_does_not_notice(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    killed: list[int] = []

    def kill(runner: Runner, over: threading.Event) -> None:
        store = VersionStore(folder / "learning")
        while not over.wait(0.02):
            if len(store.numbers()) >= 2:
                killed.append(store.numbers()[-1])
                runner.send("learner", signal.SIGKILL)
                return

    assert learn(folder, kill).code == 0
    assert killed and "it is started again (1 of 3)" in (folder / "log.txt").read_text()
    entries = read_log(folder / "learning")
    versions = [entry.version for entry in entries]
    assert versions == sorted(versions) and versions[-1] >= killed[0]
    summary = write_summary(folder, 3)
    assert summary.episodes == EPISODES


def test_a_run_whose_policy_was_killed_is_gone_on_from_by_the_next_one(tmp_path: Path) -> None:
    folder = tmp_path / "learning"
    store = VersionStore(folder)

    def kill(runner: Runner, over: threading.Event) -> None:
        while not over.wait(0.02):
            if len(store.numbers()) >= 2:
                runner.send("policy", signal.SIGKILL)
                return

    outcome = learn(tmp_path / "first", kill, str(folder))
    assert outcome.code == 1 and "'policy' ended with signal SIGKILL" in outcome.sentence
    newest, _ = store.newest()
    assert newest is not None and newest.version >= 3 and newest.steps > 0
    assert learn(tmp_path / "second", learning_dir=str(folder), episodes=3).code == 0
    goes_on = f"Learning goes on from version {newest.version}, after {newest.steps} steps."
    assert goes_on in (tmp_path / "second" / "log.txt").read_text()
    replayed = replay(tmp_path / "second")
    assert replayed.same and min(replayed.online) == newest.version + 1
    later = [entry for entry in read_log(folder) if entry.learned > newest.steps]
    assert later and later[-1].version > newest.version and later[0].acting == newest.version
