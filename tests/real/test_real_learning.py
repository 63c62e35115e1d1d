"""Learning on the real graph, in real time: a fake arm before a drawn camera."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jaco_bringup.bench.standin import standin_graph
from jaco_bringup.commands.replay import replay
from jaco_bringup.runner import Runner
from jaco_core.domain import take_random_domain
from jaco_learner.embedded.log import read_log
from jaco_learner.embedded.versions import VersionStore

# When a version is there, the learner has told of the one before it.
VERSIONS = 2
INTERRUPTED = 130


def test_what_is_learned_on_the_real_graph_is_learned_again_from_its_recording(tmp_path: Path) -> None:
    learning = {"learn": True, "size": "narrow", "episodes": 0, "seed": 1, "run_dir": str(tmp_path)}
    graph = standin_graph(learning, joint_silence=5.0, command_age=2.0)
    assert graph.node("policy").parameters["deterministic"] is False and graph.node("policy").parameters["learning"] is True
    eager = replace(graph.node("learner"), parameters={**graph.node("learner").parameters, "batch_steps": 20})
    graph = replace(graph, nodes=tuple(eager if node.name == "learner" else node for node in graph.nodes))
    store = VersionStore(tmp_path / "learning")
    with take_random_domain() as domain:
        # The learner yields to all others: how many episodes are played until it has learned from two is the machine's affair.
        outcome = Runner(graph, tmp_path, domain.number).run(lambda: len(store.numbers()) >= VERSIONS)
    assert outcome.code == INTERRUPTED, (outcome.sentence, (tmp_path / "log.txt").read_text()[-3000:])
    entries = read_log(tmp_path / "learning")
    assert sum(entry.steps for entry in entries) >= 20 * VERSIONS
    replayed = replay(tmp_path)
    assert len(replayed.online) >= VERSIONS - 1 and replayed.same
