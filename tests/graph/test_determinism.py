"""In lockstep, a seed is a trajectory: whatever the order in which processes start, and however slow one of them is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from jaco_bringup.graph import Graph, sim_graph
from jaco_bringup.runner import Runner
from jaco_core.arms import load_arm
from jaco_core.domain import take_random_domain
from jaco_core.kinematics import Kinematics
from jaco_core.parameters import build
from jaco_core.types import ENDED, RUNNING
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording, stamp_ns
from jaco_monitor.report import write_summary
from jaco_tasks.curriculum import CurriculumParameters

EPISODES = 2
EAGER = {"curriculum_window": 1}


def run(
    folder: Path,
    seed: int,
    arrange: Callable[[Graph], Graph] = lambda graph: graph,
    slow: str = "",
    episodes: int = EPISODES,
    **more: bool | str,
) -> tuple[str, float | None]:
    """Runs the simulated graph, with `more` arguments, and returns the trajectory's sha256 and the mean return."""
    graph = arrange(sim_graph({"episodes": episodes, "seed": seed, "run_dir": str(folder / "recording"), **more}))
    with take_random_domain() as domain:
        done = threading.Event()
        runner = Runner(graph, folder, domain.number)
        hinder = threading.Thread(target=_hinder, args=(runner, slow, done))
        hinder.start()
        try:
            outcome = runner.run(lambda: False)
        finally:
            done.set()
            hinder.join()
    assert outcome.code == 0, outcome.sentence
    summary = write_summary(folder / "recording", seed)
    assert summary.episodes == episodes and summary.trajectory_sha256
    return summary.trajectory_sha256, summary.mean_return


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


def _counts(folder: Path, topics: tuple[str, ...]) -> list[int]:
    """Returns how many different messages each of `topics` has in a recording; what was sent again counts once."""
    found: dict[str, set[int]] = {topic: set() for topic in topics}
    for item in Recording(folder / FILE_NAME).messages(topics):
        found[item.topic].add(stamp_ns(item.message.header))
    return [len(found[topic]) for topic in topics]


def backwards(graph: Graph) -> Graph:
    return Graph(graph.name, tuple(reversed(graph.nodes)))


def test_the_same_seed_gives_the_same_trajectory_and_another_seed_another(tmp_path: Path) -> None:
    first = run(tmp_path / "first", seed=7)
    # Further cameras and depth are looked at, and nothing else: the policy's pictures and the physics stay the same bits.
    assert run(tmp_path / "backwards", seed=7, arrange=backwards, cameras="wrist,scene", depth=True) == first
    own, wrist, depth = _counts(
        tmp_path / "backwards" / "recording",
        ("/camera/image_raw", "/wrist_camera/image_raw", "/scene_camera/aligned_depth_to_color/image_raw"),
    )
    assert own == wrist == depth > 50
    assert run(tmp_path / "slow-policy", seed=7, slow="policy") == first
    assert run(tmp_path / "slow-supervisor", seed=7, slow="supervisor") == first
    assert run(tmp_path / "other", seed=8)[0] != first[0]


def eager(graph: Graph) -> Graph:
    """Every end of an episode changes how far from the target the next one begins."""
    nodes = (replace(node, parameters={**node.parameters, **EAGER}) if node.name == "task" else node for node in graph.nodes)
    return Graph(graph.name, tuple(nodes))


def test_a_curriculum_follows_from_what_is_recorded_and_the_episodes_begin_so_near(tmp_path: Path) -> None:
    run(tmp_path, seed=7, arrange=eager, curriculum=True)
    curriculum = build(CurriculumParameters, {"curriculum": True, **EAGER}).make_curriculum()
    assert curriculum is not None
    joints, places, begun, distances = {}, {}, list[int](), list[float]()
    for item in Recording(tmp_path / "recording" / FILE_NAME).messages(("/joint_states", "/scene", "/episode/state")):
        message, stamp = item.message, stamp_ns(item.message.header)
        if item.topic == "/joint_states":
            joints[stamp] = np.array(message.position)
        elif item.topic == "/scene":
            place = message.object_poses[0].position
            places[stamp] = np.array((place.x, place.y, place.z))
        elif message.phase == RUNNING and message.step == 0 and stamp not in begun:
            begun.append(stamp)
            distances.append(message.furthest_m)
            assert message.furthest_m == curriculum.furthest_m
        elif message.phase == ENDED:
            curriculum.take(message.success)
    assert distances == [0.15, 0.25]
    kinematics = Kinematics(load_arm("j2n6s300"))
    for stamp, furthest_m in zip(begun, distances, strict=True):
        kinematics.update(joints[stamp])
        assert np.linalg.norm(kinematics.position("palm") - places[stamp]) <= furthest_m
