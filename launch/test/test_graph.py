"""The graph as data: order, conditions, arguments, and that every parameter exists in the node that gets it."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from jaco_bringup import graph as graph_module
from jaco_bringup.arguments import ArgumentSpec, complete
from jaco_bringup.cameras import KEYS
from jaco_bringup.graph import GRAPHS, learn_graph, real_graph, sim_graph
from jaco_core.errors import ConfigError, ContractError
from jaco_core.parameters import build, parameters_of
from jaco_policy.camera_contract import CameraContract
from jaco_sim.identification.profile import write_profile
from jaco_sim.profiles import load_profile

# What policies see that do not see their own camera's colours alone.
SEES = {
    "two": CameraContract(further=("wrist",)),
    "deep": CameraContract(further=("wrist",), depth=True),
    "odd": CameraContract(further=("ceiling",)),
}


@pytest.fixture(autouse=True)
def any_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked for exists: what a policy's files must be is policies.py's matter."""
    monkeypatch.setattr(graph_module, "find_policy", lambda name: Path("/models") / name)
    monkeypatch.setattr(graph_module, "read_camera", lambda folder: SEES.get(folder.name, CameraContract()))


@pytest.mark.parametrize("name", GRAPHS)
def test_manager_brings_up_every_lifecycle_node_in_order(name: str) -> None:
    graph = GRAPHS[name].build({"run_dir": "/run"})
    assert graph.nodes[-1].name == "manager"
    assert graph.node("manager").parameters["nodes"] == tuple(node.name for node in graph.nodes if node.lifecycle)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_arms_side_is_activated_last(name: str) -> None:
    managed = [node.name for node in GRAPHS[name].build({}).nodes if node.lifecycle]
    assert managed[-1] == ("driver" if name == "real" else "sim")
    assert managed.index("supervisor") < managed.index("policy") < managed.index("task")


@pytest.mark.parametrize("name", GRAPHS)
def test_every_argument_is_described_and_its_default_is_allowed(name: str) -> None:
    for argument in GRAPHS[name].arguments:
        assert argument.description.endswith(".")
        assert argument.parse(argument.default_text) == argument.default


@pytest.mark.parametrize("name", GRAPHS)
def test_every_parameter_is_one_of_its_nodes_and_within_bounds(name: str) -> None:
    for node in GRAPHS[name].build({"run_dir": "/run"}).nodes:
        config = config_of(node.package, node.executable)
        given = {key: list(value) if isinstance(value, tuple) else value for key, value in node.parameters.items()}
        assert set(given) <= {info.name for info in parameters_of(config)}, node.name
        build(config, given)


def config_of(package: str, executable: str) -> type:
    """Returns the config dataclass that the node.py of `executable` knows as its package's own."""
    for module in (f"{package}.{executable}.node", f"{package}.node"):
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise
            continue
        configs = [value for name, value in vars(found).items() if name.endswith("Config")]
        own = [value for value in configs if value.__module__ == module]
        return own[0] if own else next(value for value in configs if value.__module__.split(".")[0] == package)
    raise AssertionError(f"{package} has no node.py for '{executable}'")


def test_lockstep_and_realtime_exclude_each_other() -> None:
    for realtime in (False, True):
        nodes = sim_graph({"realtime": realtime})
        assert nodes.node("sim").parameters["lockstep"] is not realtime
        assert nodes.node("policy").parameters["lockstep"] is not realtime
    assert real_graph({}).node("policy").parameters["lockstep"] is False


def test_a_run_folder_is_what_makes_a_recording() -> None:
    assert "recorder" not in [node.name for node in sim_graph({}).nodes]
    assert sim_graph({"run_dir": "/run"}).node("recorder").parameters["run_dir"] == "/run"


def test_endless_run_does_not_end_itself() -> None:
    assert sim_graph({"episodes": 0}).node("manager").parameters["exit_when_finished"] is False
    assert sim_graph({"episodes": 3}).node("manager").parameters["exit_when_finished"] is True
    assert real_graph({"episodes": 0, "minutes": 5}).node("manager").parameters["exit_when_finished"] is True
    assert real_graph({"episodes": 0, "minutes": 5}).node("task").parameters["minutes"] == 5.0


def test_on_an_arm_somebody_sees_the_target_and_brings_the_arm_back() -> None:
    graph = real_graph({"camera_pose": "/there.yaml", "start": "home", "move_every": 3})
    assert graph.node("perception").parameters["camera_pose"] == "/there.yaml"
    assert (graph.node("reset").parameters["start"], graph.node("reset").parameters["move_every"]) == ("home", 3)
    assert graph.node("supervisor").parameters["mode"] == "observe"


def test_a_curriculum_is_the_tasks_and_the_simulator_prepares_for_it() -> None:
    assert not sim_graph({}).node("task").parameters["curriculum"] and not sim_graph({}).node("sim").parameters["near_starts"]
    for graph in (sim_graph({"curriculum": True}), learn_graph({"curriculum": True})):
        assert graph.node("task").parameters["curriculum"] is True and graph.node("sim").parameters["near_starts"] is True
    assert real_graph({"curriculum": True, "learn": True}).node("task").parameters["curriculum"] is True
    with pytest.raises(ConfigError, match="give start random, not home"):
        real_graph({"curriculum": True, "start": "home"})
    for build_graph in (sim_graph, real_graph):
        with pytest.raises(ConfigError, match="give excite or curriculum"):
            build_graph({"curriculum": True, "excite": 10.0})


def test_further_cameras_of_the_simulator_are_drawn_and_recorded() -> None:
    graph = sim_graph({"cameras": "wrist, scene", "depth": True, "run_dir": "/run"})
    assert graph.node("sim").parameters["cameras"] == graph.node("recorder").parameters["cameras"] == ("wrist", "scene")
    assert graph.node("sim").parameters["depth"] is True
    assert "cameras" not in sim_graph({}).node("sim").parameters
    assert not sim_graph({}).node("sim").parameters["depth"]
    assert learn_graph({"cameras": "wrist"}).node("sim").parameters["cameras"] == ("wrist",)
    with pytest.raises(ConfigError, match="no camera 'ceiling'; known: wrist, scene"):
        sim_graph({"cameras": "ceiling"})


def test_each_further_camera_of_the_real_graph_is_a_node_with_topics_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "cameras.yaml"
    (tmp_path / "wrist_pose.yaml").touch()
    file.write_text(
        "wrist: {source: 'realsense:12', depth: true, pose: wrist_pose.yaml, parent_frame: hand, rate: 30.0}\n"
        "side: {source: device:1}\n"
    )
    graph = real_graph({"cameras": str(file), "run_dir": "/run"})
    wrist, policys = graph.node("wrist_camera"), graph.node("camera")
    assert dict(wrist.parameters) == {
        "source": "realsense:12",
        "depth": True,
        "pose": str(tmp_path / "wrist_pose.yaml"),
        "parent_frame": "hand",
        "rate": 30.0,
        "frame_id": "wrist_camera",
    }
    assert dict(wrist.remappings)["/camera/image_raw"] == "/wrist_camera/image_raw" and len(wrist.remappings) == 4
    # Only the one that the policy acts on is on /camera, and only its loss ends the run.
    assert not policys.remappings and policys.critical and not wrist.critical and wrist.restart
    assert graph.node("recorder").parameters["cameras"] == ("wrist", "side")
    names = [node.name for node in graph.nodes]
    assert names.index("side_camera") < names.index("camera") and "wrist_camera" in graph.node("manager").parameters["restarting"]  # type: ignore[operator]
    config = config_of("jaco_camera", "camera")
    build(config, dict(wrist.parameters))
    assert {*KEYS, "frame_id"} == {info.name for info in parameters_of(config)}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("wrist: {depth: true}", "'wrist' .* has no 'source'"),
        ("wrist: {source: 'device:1', zoom: 2}", "unknown parameter 'zoom'; parameters: source"),
        ("wrist: {source: [1, 2]}", r"source is \[1, 2\]"),
        ("policy: {source: 'device:1'}", "'policy' already"),
        ("- wrist", "each camera's name"),
        ("wrist: {", "is no YAML"),
    ],
)
def test_a_camera_file_that_is_wrong_is_refused_in_one_sentence(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "cameras.yaml").write_text(text)
    with pytest.raises(ConfigError, match=part):
        real_graph({"cameras": str(tmp_path / "cameras.yaml")})
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        real_graph({"cameras": str(tmp_path / "none.yaml")})


def test_learning_explores() -> None:
    assert learn_graph({}).node("policy").parameters["deterministic"] is False
    assert sim_graph({}).node("policy").parameters["deterministic"] is True


def test_learner_and_policy_are_told_which_task_is_learned() -> None:
    graph = learn_graph({"task": "conveyor"})
    assert {graph.node(name).parameters["task"] for name in ("learner", "policy", "task", "sim")} == {"conveyor"}


def test_unknown_and_wrong_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="Unknown argument speed; known: arm"):
        sim_graph({"speed": 1})
    with pytest.raises(ConfigError, match="Argument 'task' is 'juggle'; choices: conveyor, reach"):
        sim_graph({"task": "juggle"})
    with pytest.raises(ConfigError, match="Argument 'seed' must be int, got 'many'"):
        ArgumentSpec("seed", 0, "Seed.").parse("many")
    with pytest.raises(ConfigError, match="choices: true, false"):
        ArgumentSpec("realtime", False, "Clock.").parse("yes")


def test_a_profile_may_be_a_file_which_is_checked_and_found_from_wherever_a_node_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_profile(tmp_path / "my-lab.yaml", replace(load_profile("nominal"), name="my-lab"))
    monkeypatch.chdir(tmp_path)
    for build_graph in (sim_graph, learn_graph):
        assert build_graph({"profile": "my-lab.yaml"}).node("sim").parameters["profile"] == str(tmp_path / "my-lab.yaml")
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read"):
        sim_graph({"profile": "none.yaml"})
    with pytest.raises(ConfigError, match=r"'profile' is 'twin-0'; choices: nominal, .*, or the path of a \.yaml file\."):
        sim_graph({"profile": "twin-0"})


def test_given_arguments_are_not_changed() -> None:
    given = {"seed": 5}
    assert complete(GRAPHS["sim"].arguments, given)["seed"] == 5
    assert given == {"seed": 5}


def test_the_simulated_graph_shows_what_the_policy_sees_by_itself() -> None:
    sim = sim_graph({"policy": "two", "cameras": "scene,wrist", "run_dir": "/run"})
    assert sim.node("sim").parameters["cameras"] == sim.node("recorder").parameters["cameras"] == ("wrist", "scene")
    assert not sim.node("sim").parameters["depth"]
    deep = sim_graph({"policy": "deep"}).node("sim").parameters
    assert deep["cameras"] == ("wrist",) and deep["depth"]
    with pytest.raises(ConfigError, match="has no camera 'ceiling', which policy 'odd' sees; known: wrist, scene"):
        sim_graph({"policy": "odd"})


def test_the_real_graph_says_which_cameras_a_policy_needs(tmp_path: Path) -> None:
    file = tmp_path / "cameras.yaml"
    file.write_text("wrist: {source: 'device:1'}\n")
    with pytest.raises(ConfigError, match="'two' sees camera 'wrist', which this graph has not; add it to the file 'cameras'"):
        real_graph({"policy": "two"})
    assert real_graph({"policy": "two", "cameras": str(file)}).node("wrist_camera")
    with pytest.raises(ConfigError, match="'deep' sees the depth of camera 'wrist'; give it 'depth: true' in the file 'cameras'"):
        real_graph({"policy": "deep", "cameras": str(file), "depth": True})
    file.write_text("wrist: {source: 'realsense:1', depth: true}\n")
    with pytest.raises(ConfigError, match="Policy 'deep' sees depth; set argument 'depth' to true"):
        real_graph({"policy": "deep", "cameras": str(file)})
    assert real_graph({"policy": "deep", "cameras": str(file), "depth": True}).node("camera").parameters["depth"]


def test_no_graph_learns_on_a_policy_of_several_views(tmp_path: Path) -> None:
    file = tmp_path / "cameras.yaml"
    file.write_text("wrist: {source: 'device:1'}\n")
    for graph, more in ((learn_graph, {}), (real_graph, {"learn": True, "cameras": str(file)})):
        with pytest.raises(ContractError, match="'two' sees wrist beside its camera's colours; the learner in the graph has"):
            graph({"policy": "two", **more})


def test_an_excited_graph_has_the_excitation_in_the_places_of_policy_and_task() -> None:
    for graph in (sim_graph({"excite": 60.0, "extent": 0.5}), real_graph({"excite": 60.0, "extent": 0.5})):
        names = [node.name for node in graph.nodes]
        assert not {"policy", "task", "reset", "perception"} & set(names)
        assert names.index("supervisor") < names.index("excitation") < names.index(names[-2])
        told = graph.node("excitation").parameters
        assert told["seconds"] == 60.0 and told["extent"] == 0.5
        assert set(told) <= {info.name for info in parameters_of(config_of("jaco_sim", "identification"))}
        assert graph.node("manager").parameters["exit_when_finished"] is True
    with pytest.raises(ConfigError, match="give excite or learn"):
        real_graph({"excite": 60.0, "learn": True})
