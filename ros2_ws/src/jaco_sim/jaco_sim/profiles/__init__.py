"""Simulator profiles: one YAML file each in this folder, found by name. What a profile may change is a field of `Profile`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from jaco_core.errors import ConfigError

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class CameraPose:
    """A camera at `position` [m] that looks at the point `look_at` [m], upright; `fovy`: vertical field of view [deg]."""

    position: Triple
    look_at: Triple
    fovy: float


@dataclass(frozen=True)
class Light:
    """A directional light from `position` [m] towards `look_at` [m], with its colours."""

    position: Triple
    look_at: Triple
    diffuse: Triple
    ambient: Triple


@dataclass(frozen=True)
class Profile:
    """How the simulated world looks. Frame: the arm's base. Colours: red, green, blue in 0..1."""

    name: str
    description: str
    policy_camera: CameraPose
    scene_camera: CameraPose
    light: Light
    arm_color: Triple
    ring_color: Triple
    table_color: Triple
    floor_color: Triple
    target_color: Triple


def profile_names() -> list[str]:
    """Returns the names of the profiles that are known."""
    return sorted(entry.name.removesuffix(".yaml") for entry in files(__name__).iterdir() if entry.name.endswith(".yaml"))


def load_profile(name: str) -> Profile:
    """Returns the profile called `name`.

    Raises:
        ConfigError: no such profile.
    """
    if name not in profile_names():
        raise ConfigError(f"There is no simulator profile '{name}'; known profiles: {', '.join(profile_names())}.")
    data: dict[str, Any] = yaml.safe_load((files(__name__) / f"{name}.yaml").read_text())
    for key, kind in (("policy_camera", CameraPose), ("scene_camera", CameraPose), ("light", Light)):
        data[key] = kind(**{field: _triple(value) for field, value in data[key].items()})
    return Profile(**{field: _triple(value) for field, value in data.items()})


def _triple(value: Any) -> Any:
    return tuple(float(entry) for entry in value) if isinstance(value, list) else value
