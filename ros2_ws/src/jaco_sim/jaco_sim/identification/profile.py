"""Writes what was identified as a simulator profile: the base profile's looks with the arm's dynamics and the camera's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import yaml

from jaco_core.errors import ConfigError
from jaco_sim.identification.camera import Camera
from jaco_sim.identification.estimate import Estimate
from jaco_sim.identification.silhouette import Pose
from jaco_sim.profiles import CameraPose, Profile
from jaco_sim.scene import looking
from jaco_sim.variation import FACTORS, Range, Triple

_DIGITS = 5


def identified_profile(base: Profile, name: str, estimates: Mapping[str, Estimate], camera: Camera | None = None) -> Profile:
    """Returns `base` called `name` with the estimated factors in place of its own, and the camera where it was found.

    Each factor has its estimate as its only value. Estimates that are no factor (the camera's position) are left to `camera`.
    """
    found = [_only(entry) for entry in estimates.values() if entry.name in FACTORS]
    group = {entry.factor for entry in found}
    placed = base
    if camera is not None:
        pose, roll = camera_pose(camera.pose, base.policy_camera)
        placed = replace(base, policy_camera=pose)
        found.append(Range("camera_roll", (roll,), (roll,)))
        found += [_only(entry) for entry in camera.estimates.values() if entry.name in FACTORS]
        group = {entry.factor for entry in found} | {
            name for name, entry in FACTORS.items() if entry.metadata["group"] == "camera"
        }
    kept = tuple(entry for entry in base.ranges if entry.factor not in group)
    return replace(placed, name=name, description=f"Identified from a recording; looks of '{base.name}'", ranges=(*kept, *found))


def camera_pose(pose: Pose, like: CameraPose) -> tuple[CameraPose, float]:
    """Returns a pose as a profile has it, which looks as far as `like` does, and the camera's roll [deg]."""
    right, up, backward = _axes(pose.quaternion)
    distance = float(np.linalg.norm(np.subtract(like.look_at, like.position)))
    target = pose.position - distance * backward
    upright, _, _ = _axes(looking(pose.position, target))
    roll = float(np.rad2deg(np.arctan2(-(upright @ up), upright @ right)))
    return CameraPose(_triple(pose.position), _triple(target), pose.fovy), roll


def write_profile(path: Path, profile: Profile, notes: tuple[str, ...] = ()) -> None:
    """Writes `profile` as a YAML file that `load_profile` reads, with `notes` as comments.

    Raises:
        ConfigError: the file cannot be written.
    """
    data: dict[str, Any] = {key: value for key, value in asdict(profile).items() if key != "ranges"}
    if profile.ranges:
        data["ranges"] = {entry.factor: _listed(entry) for entry in profile.ranges}
    text = "".join(f"# {note}\n" for note in notes) + yaml.safe_dump(
        _plain(data), sort_keys=False, default_flow_style=None, width=130
    )
    try:
        path.write_text(text)
    except OSError as error:
        raise ConfigError(f"The profile cannot be written to {path}: {error}.") from error


def _only(entry: Estimate) -> Range:
    """Returns a factor's estimate as its only value; joints that the arm does not have keep their neutral one."""
    default = FACTORS[entry.name].default
    neutral = default if isinstance(default, tuple) else (default,)
    value = (*entry.value, *neutral[len(entry.value) :])
    return Range(entry.name, value, value)


def _listed(entry: Range) -> Any:
    if entry.choices:
        return list(entry.choices)
    if len(entry.low) == 1:
        return entry.low[0] if entry.low == entry.high else [entry.low[0], entry.high[0]]
    return [list(entry.low), list(entry.high)]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _axes(quaternion: Any) -> Any:
    """Returns the camera's axes in the base frame as rows: right, up, backward."""
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3).T


def _triple(values: Any) -> Triple:
    x, y, z = (float(value) for value in values)
    return x, y, z
