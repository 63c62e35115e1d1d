"""Both readers of the graph start the same nodes with the same parameters and remappings.

ROS's launch is not installed everywhere, so a small stand-in records what the adapter asks of it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from jaco_bringup import graph as graph_module
from jaco_bringup import process
from jaco_bringup.graph import GRAPHS
from jaco_policy.camera_contract import CameraContract

FOLDER = Path(__file__).resolve().parents[1]


class Recorded:
    """An action of launch: its class's name and what it was made with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.kind = type(self).__name__
        self.arguments = arguments
        self.options = options

    def perform(self, context: dict[str, str]) -> str:
        """What LaunchConfiguration does."""
        return context[self.arguments[0]]


MODULES = {
    "launch": ("LaunchDescription",),
    "launch.actions": ("DeclareLaunchArgument", "OpaqueFunction", "Shutdown"),
    "launch.substitutions": ("LaunchConfiguration",),
    "launch_ros": (),
    "launch_ros.actions": ("LifecycleNode", "Node"),
}


@pytest.fixture(autouse=True)
def launch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, classes in MODULES.items():
        module = ModuleType(name)
        for kind in classes:
            setattr(module, kind, type(kind, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "jaco_bringup.launch_adapter", raising=False)
    monkeypatch.setattr(graph_module, "find_policy", lambda name: Path("/models") / name)
    monkeypatch.setattr(graph_module, "read_camera", lambda folder: CameraContract())
    monkeypatch.setattr(process, "executable_path", lambda package, executable: Path("/prefix/lib") / package / executable)


def load(name: str) -> Any:
    """Returns the launch description of `<name>.launch.py`."""
    specification = importlib.util.spec_from_file_location(f"{name}_launch", FOLDER / f"{name}.launch.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.generate_launch_description()


def launched(name: str, **given: str) -> dict[str, SimpleNamespace]:
    """Returns what launch would start, by node name."""
    (entities,) = load(name).arguments
    declared = {
        entity.arguments[0]: entity.options["default_value"] for entity in entities if entity.kind == "DeclareLaunchArgument"
    }
    opaque = entities[-1]
    actions = opaque.options["function"]({**declared, **given}, *opaque.options["args"])
    return {
        action.options["name"]: SimpleNamespace(
            kind=action.kind,
            executable=(action.options["package"], action.options["executable"]),
            parameters=[yaml.safe_load(Path(path).read_text()) for path in action.options["parameters"]],
            remappings=action.options["remappings"],
            environment=action.options["additional_env"],
            respawn=action.options["respawn"],
            ends_run="on_exit" in action.options,
            niceness=int(action.options.get("prefix", "nice -n 0").removeprefix("nice -n ")),
        )
        for action in actions
    }


def ran(name: str, folder: Path, **given: str) -> dict[str, SimpleNamespace]:
    """Returns what the runner would start, read from its command lines, by node name."""
    arguments = {
        argument.name: argument.parse(given[argument.name]) for argument in GRAPHS[name].arguments if argument.name in given
    }
    nodes = {}
    graph = GRAPHS[name].build(arguments)
    for node in graph.nodes:
        path, *rest = process.command_line(node, folder)
        renames = [rest[i + 1].split(":=") for i, word in enumerate(rest) if word == "-r"]
        nodes[dict(renames)["__node"]] = SimpleNamespace(
            kind="LifecycleNode" if node.lifecycle else "Node",
            executable=(Path(path).parent.name, Path(path).name),
            parameters=[yaml.safe_load(Path(rest[i + 1]).read_text()) for i, word in enumerate(rest) if word == "--params-file"],
            remappings=[(source, target) for source, target in renames if source != "__node"],
            environment=graph.environment,
            respawn=node.restart,
            ends_run=node.critical,
            niceness=node.niceness,
        )
    return nodes


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("given", [{}, {"seed": "7", "run_dir": "/run", "episodes": "0"}])
def test_launch_files_and_runner_start_the_same_nodes(name: str, given: dict[str, str], tmp_path: Path) -> None:
    assert launched(name, **given) == ran(name, tmp_path, **given)


@pytest.mark.parametrize("name", GRAPHS)
def test_every_launch_argument_is_declared_with_description_and_choices(name: str) -> None:
    (entities,) = load(name).arguments
    declared = {entity.arguments[0]: entity.options for entity in entities[:-1]}
    assert list(declared) == [argument.name for argument in GRAPHS[name].arguments]
    for argument in GRAPHS[name].arguments:
        assert declared[argument.name]["description"] == argument.description
        if isinstance(argument.default, bool):
            assert declared[argument.name]["choices"] == ["true", "false"]
        elif argument.check is not None:
            assert declared[argument.name]["choices"] is None
        elif argument.choices:
            assert declared[argument.name]["choices"] == list(argument.choices)
