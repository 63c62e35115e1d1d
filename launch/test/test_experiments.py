"""Experiments: curves in numbers, runs that are finished stay, and the graph that each condition asks for."""

from __future__ import annotations

import json
import pickle
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jaco_interfaces.msg import EpisodeState
from rclpy.serialization import serialize_message

from jaco_bringup.bench.measured import RunFailed
from jaco_bringup.commands import experiment
from jaco_bringup.experiments import a3c, conveyor, transfer_sensitivity
from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.reach_transfer import CONDITIONS, PAPER, Plan
from jaco_bringup.experiments.through_graph import run
from jaco_bringup.graph import Graph
from jaco_bringup.policies import find_policy
from jaco_core.errors import ConfigError
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_learner.embedded.log import LogEntry, append_log
from jaco_monitor.recorder.topics import TOPICS
from jaco_monitor.recorder.writer import FILE_NAME, RecordingWriter, SerialisedMessage
from jaco_sim.profiles import load_profile


def plan(**changes: Any) -> Plan:
    usual = {"steps": 120, "seeds": (0, 1), "conditions": ("progressive-wide", "scratch"), "policy": "reach", "profile": "twin-3"}
    return Plan(**{**usual, **changes})


class Starts:
    """Stands in for the graph: leaves a learner's log and the version `acting`, or a recording where nothing learns."""

    def __init__(self, acting: int = 1) -> None:
        self.graphs: list[Graph] = []
        self._acting = acting

    def __call__(self, build: Callable[[], Graph], folder: Path) -> None:
        # What runs a graph apart has it built there.
        graph = pickle.loads(pickle.dumps(build))()
        self.graphs.append(graph)
        if not any(node.name == "learner" for node in graph.nodes):
            self._record(Path(str(graph.node("recorder").parameters["run_dir"])))
            return
        log = Path(str(graph.node("learner").parameters["folder"]))
        log.mkdir(parents=True)
        for episode, (steps, total, complete) in enumerate(((50, 10.0, True), (20, 3.0, False), (30, 40.0, True))):
            append_log(log, LogEntry(episode, episode, steps, complete, total, self._acting, 1, 0, 0, 0))
        if self._acting > 1:
            shutil.copytree(find_policy("reach"), log / f"{self._acting:06d}")

    def _record(self, folder: Path) -> None:
        topics = tuple(topic for topic in TOPICS if topic.name in ("/episode/state", "/safety/status", "/diagnostics"))
        with RecordingWriter(folder / FILE_NAME, topics) as writer:
            for episode, (steps, total) in enumerate(((50, 12.0), (10, 2.0))):
                state = EpisodeState(phase=EpisodeState.ENDED, episode=episode, step=steps, episode_return=total)
                writer.write(SerialisedMessage("/episode/state", bytes(serialize_message(state)), episode + 1, episode + 1))


def test_a_curve_in_numbers() -> None:
    curve = Curve.of_episodes([50, 50, 10, 10], [10.0, 20.0, 30.0, 50.0])
    assert curve.steps == (50, 100, 110, 120)
    # The last sixth of 120 steps begins after the 100th.
    assert curve.final_mean == 40.0
    assert curve.auc == pytest.approx((50 * 10 + 50 * 20 + 10 * 30 + 10 * 50) / 120)
    np.testing.assert_array_equal(curve.at(np.array([50.0, 75.0, 112.0]), 20.0), [10.0, np.nan, 40.0])


def test_every_condition_and_seed_is_run_once_and_what_is_there_stays(tmp_path: Path) -> None:
    starts, said = Starts(), []
    run(plan(), tmp_path, said.append, starts)
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results["conditions"]) == {"progressive-wide", "scratch"} and len(starts.graphs) == 4
    one = results["conditions"]["scratch"]["1"]
    assert one["steps"] == [50, 80] and one["returns"] == [10.0, 40.0] and one["final_mean"] == 40.0
    assert one["auc"] == pytest.approx((50 * 10.0 + 30 * 40.0) / 80)
    picture = tmp_path / "curves.png"
    assert picture.stat().st_size > 10_000
    # Results that came without their picture get it, although nothing is run.
    picture.unlink()
    run(plan(), tmp_path, said.append, starts)
    assert len(starts.graphs) == 4 and picture.stat().st_size > 10_000
    run(plan(seeds=(0, 1, 2)), tmp_path, said.append, starts)
    assert len(starts.graphs) == 6
    with pytest.raises(ConfigError, match="is of another plan: steps 120, asked 60"):
        run(plan(steps=60), tmp_path, said.append, starts)


def test_runs_at_once_and_none_begins_after_one_that_failed(tmp_path: Path) -> None:
    starts, together = Starts(), threading.Barrier(2, timeout=20.0)

    def meet(build: Callable[[], Graph], folder: Path) -> None:
        together.wait()
        starts(build, folder)

    (tmp_path / "at_once").mkdir()
    run(plan(), tmp_path / "at_once", lambda text: None, meet, jobs=2)
    assert len(starts.graphs) == 4

    def fail(build: Callable[[], Graph], folder: Path) -> None:
        starts(build, folder)
        raise RunFailed("The arm is tired.")

    (tmp_path / "failing").mkdir()
    with pytest.raises(RunFailed, match="tired"):
        run(plan(), tmp_path / "failing", lambda text: None, fail)
    assert len(starts.graphs) == 4 + 1 and not (tmp_path / "failing" / "results.json").exists()
    with pytest.raises(ConfigError, match="is left from a run that did not end; remove it"):
        run(plan(), tmp_path / "failing", lambda text: None, starts)


@pytest.mark.parametrize("condition", sorted(CONDITIONS))
def test_a_condition_is_its_graph_in_lockstep(condition: str, tmp_path: Path) -> None:
    graph = plan().graph(condition, 7, tmp_path)
    learner, policy = graph.node("learner").parameters, graph.node("policy").parameters
    assert (learner["method"], learner["size"], learner["algorithm"]) == CONDITIONS[condition]
    assert policy["learning"] is True and policy["deterministic"] is False and policy["lockstep"] is True
    assert {graph.node(name).parameters["seed"] for name in ("learner", "policy", "task", "sim")} == {7}
    assert graph.node("task").parameters["steps"] == 120 and graph.node("manager").parameters["exit_when_finished"] is True
    assert "learner" in graph.node("manager").parameters["nodes"] and set(PAPER) <= set(CONDITIONS)


def test_a_second_column_learns_to_reach_before_a_third_learns_to_follow(tmp_path: Path) -> None:
    asked = conveyor.Plan(120, (1,), conveyor.Plan.usual, "reach", "twin-3")
    starts, said = Starts(acting=2), list[str]()
    run(asked, tmp_path, said.append, starts)
    told = {
        (
            graph.node("task").parameters["task"],
            graph.node("learner").parameters["method"],
            graph.node("learner").parameters["size"],
        )
        for graph in starts.graphs
        if graph.name == "learn"
    }
    assert told == {
        ("reach", "progressive", "wide"),
        ("conveyor", "progressive", "felt-maps"),
        ("conveyor", "finetuned", "wide"),
    }
    assert [graph.node("task").parameters["task"] for graph in starts.graphs] == ["reach", *["conveyor"] * 3]
    second = tmp_path / "reach_transfer" / "progressive-wide-1" / "learning" / "000002"
    for graph in starts.graphs[1:]:
        policy = graph.node("policy").parameters
        assert policy["checkpoint"] == str(second) and policy["deterministic"] is False and policy["lockstep"] is True
        assert graph.node("sim").parameters["task"] == "conveyor" and graph.node("sim").parameters["profile"] == "twin-3"
    assert [graph.node("task").parameters["episodes"] for graph in starts.graphs if graph.name == "sim"] == [2]
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["experiment"] == "conveyor" and "second column learned on reach" in results["plan"]["measured"]
    assert set(results["conditions"]) == {"frozen", "third-column", "finetuned"}
    zero_shot = results["conditions"]["frozen"]["1"]
    assert zero_shot["steps"] == [50, 60] and zero_shot["returns"] == [12.0, 2.0]
    assert results["conditions"]["third-column"]["1"]["returns"] == [10.0, 40.0]
    assert (tmp_path / "curves.png").stat().st_size > 10_000 and set(conveyor.PAPER) <= set(conveyor.Plan.known)
    # What is there is not run again.
    run(asked, tmp_path, said.append, starts)
    assert len(starts.graphs) == 4


def test_without_a_second_column_nothing_can_be_grown_on_it(tmp_path: Path) -> None:
    (tmp_path / "learning").mkdir()
    append_log(tmp_path / "learning", LogEntry(0, 0, 50, True, 10.0, 1, 2, 0, 0, 0))
    with pytest.raises(ConfigError, match="has made no version that acted; give more --steps and another --out"):
        conveyor.second_column(tmp_path)


def test_a_run_of_which_the_learner_missed_much_has_no_result(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="saw whole episodes of 80 of 800 steps: it, or the graph, had no time"):
        run(plan(steps=800), tmp_path, lambda text: None, Starts())
    assert not (tmp_path / "results.json").exists()


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(ConfigError, match="no condition magic; known: progressive-wide"):
        plan(conditions=("magic",))
    with pytest.raises(ConfigError, match="no condition magic; known: plain, depth, closure, both"):
        a3c.Plan("a3c_heads", 100, (0,), ("magic",))


def test_the_heads_of_a3c_are_switched_by_condition_and_a_stopped_run_goes_on(tmp_path: Path) -> None:
    known = a3c.EXPERIMENTS["a3c_heads"]
    heads = {name: a3c.Plan("a3c_heads", 900, (0,), (name,)).recipe(name) for name in known}
    assert {name for name, recipe in heads.items() if recipe.depth_weight > 0.0} == {"depth", "both"}
    assert {name for name, recipe in heads.items() if recipe.closure_weight > 0.0} == {"closure", "both"}
    assert {recipe.frames for recipe in heads.values()} == {900}
    trained: list[tuple[str, bool]] = []

    def start(recipe: A3cRecipe, folder: Path, seed: int, resume: bool, engine: str) -> None:
        """Stands in for the training, which somebody stops the first time that both heads learn."""
        trained.append((folder.name, resume))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "resume.safetensors").touch()
        rate = 100 if engine == "local" else 80
        rows = ["frames,return,frames_per_second", f"300,1,{rate}", f"600,2,{rate}", f"900,7,{rate}"]
        stopped = folder.name == "both-0" and not resume
        (folder / "curve.csv").write_text("\n".join(rows[: 3 if stopped else 4]) + "\n")

    plan = a3c.Plan("a3c_heads", 900, (0,), ("plain", "both"))
    with pytest.raises(ConfigError, match="was stopped after 600 of 900 frames; the same call goes on with it"):
        a3c.run(plan, tmp_path, lambda text: None, start)
    a3c.run(plan, tmp_path, lambda text: None, start)
    assert trained == [("plain-0", False), ("both-0", False), ("both-0", True)]
    results = json.loads((tmp_path / "results.json").read_text())
    assert (
        results["conditions"]["both"]["0"]["returns"] == [1.0, 2.0, 7.0]
        and results["conditions"]["both"]["0"]["final_mean"] == 7.0
    )
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    with pytest.raises(ConfigError, match="is of another plan: frames 900, asked 50"):
        a3c.run(a3c.Plan("a3c_heads", 50, (0,), ("plain",)), tmp_path, lambda text: None, start)
    said: list[str] = []
    a3c.run(a3c.Plan("a3c_engines", 900, (0,), ("local", "ray")), tmp_path / "engines", said.append, start)
    assert said[-1] == "A frame takes +25.0% of local's time more with ray"


def test_a_seed_is_a_world_seen_from_elsewhere_or_in_other_colours() -> None:
    nominal = load_profile("nominal")
    for change, fields in (
        ("perspective", {"policy_camera"}),
        ("colours", {"arm_color", "ring_color", "table_color", "floor_color"}),
    ):
        world = transfer_sensitivity.changed_world(change, 4)
        assert world == transfer_sensitivity.changed_world(change, 4) != transfer_sensitivity.changed_world(change, 5)
        assert all(getattr(world, name) != getattr(nominal, name) for name in fields)
        assert replace(world, name="nominal", **{name: getattr(nominal, name) for name in fields}) == nominal


def test_every_rate_is_tried_once_and_drawn(tmp_path: Path) -> None:
    names = tuple(name for name in transfer_sensitivity.CONDITIONS if name.startswith("colours"))
    assert len(names) == 6
    learned: list[tuple[str, int]] = []

    def learn(plan: transfer_sensitivity.Plan, condition: str, seed: int) -> Curve:
        """Stands in for learning."""
        learned.append((condition, seed))
        return Curve((50, 100), (10.0, 20.0 + seed))

    plan, said = transfer_sensitivity.Plan(100, (0, 1), names, "somewhere"), []
    pictures = [tmp_path / name for name in ("curves.png", "sensitivity.png")]
    for _ in range(2):
        # The second time nothing is left to learn, and what came without pictures gets them.
        for picture in pictures:
            picture.unlink(missing_ok=True)
        with ThreadPoolExecutor(2) as pool:
            transfer_sensitivity.run(plan, tmp_path, said.append, pool, 2, learn)
    assert sorted(learned) == sorted((name, seed) for name in names for seed in (0, 1)) and len(said) == 12
    results = json.loads((tmp_path / "results.json").read_text())["conditions"]
    assert results["colours-finetuned-0.0025"]["1"]["final_mean"] == 21.0
    assert all(picture.stat().st_size > 10_000 for picture in pictures)


@pytest.mark.parametrize(
    ("name", "option", "sentence"),
    [
        (
            "a3c_heads",
            {"jobs": 2},
            "--jobs says nothing to .* a3c_heads; it is for reach_transfer, conveyor, transfer_sensitivity.",
        ),
        ("a3c_engines", {"policy": "reach"}, "--policy says nothing to experiment a3c_engines"),
        ("transfer_sensitivity", {"profile": "twin-1"}, "--profile says nothing to .*; it is for reach_transfer, conveyor."),
    ],
)
def test_an_option_that_says_nothing_to_an_experiment_is_refused(
    name: str, option: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    options = experiment.ExperimentOptions(None, (0,), (), None, None, None)
    with pytest.raises(ConfigError, match=sentence):
        experiment.run(name, replace(options, **option), tmp_path / "out")
    assert not (tmp_path / "out").exists()
