"""Further cameras of a graph: what of them the policy sees and the simulator draws, and those of the real graph.

The latter are as a person writes them down: a YAML file, camera name -> parameters of its node.

wrist:
  source: realsense:123456
  depth: true
  pose: wrist_pose.yaml     # beside this file
  parent_frame: hand
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from jaco_core.cameras import POLICY, camera_frame, camera_topics, further_cameras
from jaco_core.errors import ConfigError
from jaco_policy.camera_contract import CameraContract
from jaco_sim.profiles import FURTHER_CAMERAS

KEYS = (
    *("source", "loop", "depth", "width", "height", "rate", "calibration", "field_of_view"),
    *("pose", "parent_frame", "timeout", "frozen_frames"),
)
_FILES = ("calibration", "pose")


@dataclass(frozen=True)
class CameraEntry:
    """One further camera: its name, that of its node, the node's parameters, and its topics in place of the policy's camera's."""

    name: str
    node: str
    parameters: Mapping[str, bool | int | float | str]
    remappings: tuple[tuple[str, str], ...]


def read_cameras(path: Path) -> tuple[CameraEntry, ...]:
    """Returns the cameras in the YAML file `path`, in its order. Files that it names lie beside it.

    Raises:
        ConfigError: it cannot be read, a name cannot be, a source is missing, or a parameter is unknown or no plain value.
    """
    try:
        data: Any = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"Camera file '{path}' cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"Camera file '{path}' is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(data, dict) or not all(isinstance(entry, dict) for entry in data.values()):
        raise ConfigError(f"Camera file '{path}' must give each camera's name, and below it its parameters.")
    return tuple(_entry(name, data[name], path) for name in further_cameras(str(key) for key in data))


def drawn_cameras(asked: str, policy: str, camera: CameraContract) -> tuple[str, ...]:
    """Returns the further cameras that a simulated graph draws: those that the policy sees, and those that are `asked` for.

    Raises:
        ConfigError: the simulator has one of them not, or one comes twice.
    """
    names = further_cameras(name.strip() for name in asked.split(","))
    known = ", ".join(FURTHER_CAMERAS)
    for name in (*names, *camera.further):
        if name not in FURTHER_CAMERAS:
            sees = f", which policy '{policy}' sees" if name in camera.further else ""
            raise ConfigError(f"The simulator has no camera '{name}'{sees}; known: {known}.")
    return (*camera.further, *(name for name in names if name not in camera.further))


def require_cameras(policy: str, camera: CameraContract, entries: tuple[CameraEntry, ...], depth: bool) -> None:
    """Checks that a real graph has the cameras that the policy sees. `depth`: whether the policy's own measures it.

    Raises:
        ConfigError: one is missing, or does not measure the depth that the policy sees.
    """
    there = {entry.name: entry for entry in entries}
    for name in camera.further:
        if name not in there:
            raise ConfigError(f"Policy '{policy}' sees camera '{name}', which this graph has not; add it to the file 'cameras'.")
        if camera.depth and not there[name].parameters.get("depth"):
            raise ConfigError(
                f"Policy '{policy}' sees the depth of camera '{name}'; give it 'depth: true' in the file 'cameras'."
            )
    if camera.depth and not depth:
        raise ConfigError(f"Policy '{policy}' sees depth; set argument 'depth' to true, with a camera that measures it.")


def _entry(name: str, given: Mapping[str, Any], path: Path) -> CameraEntry:
    unknown = [key for key in given if key not in KEYS]
    if unknown or "source" not in given:
        wrong = f"has the unknown parameter '{unknown[0]}'" if unknown else "has no 'source'"
        raise ConfigError(f"Camera '{name}' in '{path}' {wrong}; parameters: {', '.join(KEYS)}.")
    for key, value in given.items():
        if not isinstance(value, bool | int | float | str):
            raise ConfigError(f"Camera '{name}' in '{path}': {key} is {value!r}; give a text, a number, true or false.")
    beside = {
        key: str(path.parent / str(given[key])) for key in _FILES if key in given and (path.parent / str(given[key])).exists()
    }
    policy, own = camera_topics(POLICY), camera_topics(name)
    remappings = tuple(zip(vars(policy).values(), vars(own).values(), strict=True))
    frame = camera_frame(name)
    return CameraEntry(name, frame, MappingProxyType({**given, **beside, "frame_id": frame}), remappings)
