"""Learning on the real graph, in real time: a fake arm before a drawn camera."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jaco_bringup.bench.standin import standin_graph
from jaco_bringup.commands.replay import replay
from jaco_bringup.runner import Runner
from jaco_core.domain import take_random_domain
from jaco_learner.embedded.log import read_log

EPISODES = 2


def test_what_is_learned_on_the_real_graph_is_learned_again_from_its_recording(tmp_path: Path) -> None:
    learning = {"learn": True, "size": "narrow", "episodes": EPISODES, "seed": 1, "run_dir": str(tmp_path)}
    graph = standin_graph(learning, joint_silence=5.0, command_age=2.0)
    assert graph.node("policy").parameters["deterministic"] is False and graph.node("policy").parameters["learning"] is True
    eager = replace(graph.node("learner"), parameters={**graph.node("learner").parameters, "batch_steps": 20})
    graph = replace(graph, nodes=tuple(eager if node.name == "learner" else node for node in graph.nodes))
    with take_random_domain() as domain:
        outcome = Runner(graph, tmp_path, domain.number).run(lambda: False)
    assert outcome.code == 0, (outcome.sentence, (tmp_path / "log.txt").read_text()[-3000:])
    entries = read_log(tmp_path / "learning")
    # The last episode's last step has no word of the supervisor's.
    assert len(entries) >= EPISODES - 1 and all(entry.steps >= 20 for entry in entries)
    replayed = replay(tmp_path)
    assert len(replayed.online) >= EPISODES - 1 and replayed.same
