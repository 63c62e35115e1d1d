"""Simulator profiles: one YAML file each in this folder, found by name. What a profile may change is a field of `Profile`.

The profiles in jaco_sim/twins stand in for reality: they are held out, and are given only to those who ask with `held_out`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import yaml

from jaco_core.errors import ConfigError
from jaco_sim.variation import Range, Triple, parse_ranges

_TWINS = "jaco_sim.twins"
FURTHER_CAMERAS = ("wrist", "scene")
"""Cameras of every profile beside the policy's."""


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
    """How the simulated world looks. Frame: the arm's base. Colours: red, green, blue in 0..1.

    `wrist_camera` rides beside the hand: it counts from the palm, z away from the hand.
    `ranges`: what differs from episode to episode, and between which bounds; with none every episode's world is the same.
    """

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
    ranges: tuple[Range, ...] = ()
    wrist_camera: CameraPose = CameraPose((0.0, 0.10, -0.06), (0.0, 0.0, 0.14), 60.0)

    def only(self, group: str) -> Profile:
        """Returns the profile with nothing varied but the factors of `group`."""
        return replace(self, name=f"{self.name}/{group}", ranges=tuple(entry for entry in self.ranges if entry.group == group))


def profile_names(held_out: bool = False) -> list[str]:
    """Returns the names of the profiles that training may use; with `held_out` the twins' too."""
    return sorted({**_files(__name__), **(_files(_TWINS) if held_out else {})})


def load_profile(name: str, held_out: bool = False) -> Profile:
    """Returns the profile called `name`.

    Raises:
        ConfigError: no such profile, a mistake in its file, or it is held out and `held_out` is false.
    """
    twins = _files(_TWINS)
    if name in twins and not held_out:
        raise ConfigError(f"Profile '{name}' is held out: it stands in for reality, so nothing may be trained on it.")
    known = {**_files(__name__), **twins}
    if name not in known:
        raise ConfigError(f"There is no simulator profile '{name}'; known profiles: {', '.join(profile_names(held_out))}.")
    data: dict[str, Any] = yaml.safe_load(known[name].read_text())
    for key, kind in (
        ("policy_camera", CameraPose),
        ("scene_camera", CameraPose),
        ("wrist_camera", CameraPose),
        ("light", Light),
    ):
        if key in data:
            data[key] = kind(**{field: _triple(value) for field, value in data[key].items()})
    ranges = parse_ranges(data.pop("ranges", {}), f"Profile '{name}'")
    return Profile(**{field: _triple(value) for field, value in data.items()}, ranges=ranges)


def _files(package: str) -> dict[str, Any]:
    """Returns the profiles' files in `package`, by profile name."""
    return {entry.name.removesuffix(".yaml"): entry for entry in files(package).iterdir() if entry.name.endswith(".yaml")}


def _triple(value: Any) -> Any:
    return tuple(float(entry) for entry in value) if isinstance(value, list) else value
