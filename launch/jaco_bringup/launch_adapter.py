"""The graph as actions of ROS's launch. Imported by the launch files only: a machine without launch uses runner.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

from jaco_bringup.arguments import BOOLEANS, ArgumentSpec
from jaco_bringup.graph import GRAPHS, GraphSpec, NodeSpec
from jaco_bringup.process import write_parameters

RESTART_DELAY_S = 1.0


def describe(name: str) -> LaunchDescription:
    """Returns the launch description of graph `name`: its arguments, and its nodes once they are known."""
    spec = GRAPHS[name]
    declarations = [_declaration(argument) for argument in spec.arguments]
    return LaunchDescription([*declarations, OpaqueFunction(function=_nodes, args=[spec])])


def _declaration(argument: ArgumentSpec) -> DeclareLaunchArgument:
    choices = BOOLEANS if isinstance(argument.default, bool) else argument.choices
    return DeclareLaunchArgument(
        argument.name,
        default_value=argument.default_text,
        description=argument.description,
        choices=None if argument.check else list(choices) or None,
    )


def _nodes(context: Any, spec: GraphSpec) -> list[Any]:
    # A ConfigError in here is shown by launch as one sentence, and nothing is started.
    given = {argument.name: argument.parse(LaunchConfiguration(argument.name).perform(context)) for argument in spec.arguments}
    graph = spec.build(given)
    folder = Path(mkdtemp(prefix="jaco-launch-"))
    return [_action(node, folder, graph.environment) for node in graph.nodes]


def _action(node: NodeSpec, folder: Path, environment: Mapping[str, str]) -> Any:
    options: dict[str, Any] = {
        "name": node.name,
        "package": node.package,
        "executable": node.executable,
        "parameters": [str(write_parameters(node, folder))] if node.parameters else [],
        "remappings": list(node.remappings),
        "additional_env": dict(environment),
        "output": "screen",
        "respawn": node.restart,
        "respawn_delay": RESTART_DELAY_S,
    }
    if node.niceness:
        options["prefix"] = f"nice -n {node.niceness}"
    # The manager's end is the end of the run, and so is a critical node's.
    if node.critical:
        options["on_exit"] = OpaqueFunction(function=_end, args=[node.name])
    return LifecycleNode(**options, namespace="") if node.lifecycle else Node(**options)


def _end(context: Any, name: str) -> list[Any]:
    # Once is enough: launch_ros fails when it is shut down twice.
    return [] if context.is_shutdown else [Shutdown(reason=f"node '{name}' has ended")]
