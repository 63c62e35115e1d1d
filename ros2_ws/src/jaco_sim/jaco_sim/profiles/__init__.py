"""Simulator profiles: one YAML file each, found by name in this folder, or anywhere else by path.

What a profile may change is a field of `Profile`. The profiles in jaco_sim/twins stand in for reality: they are held out, and are
given only to those who ask with `held_out`.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
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


_PARTS: dict[str, Any] = {"policy_camera": CameraPose, "scene_camera": CameraPose, "wrist_camera": CameraPose, "light": Light}
"""Fields of a profile that have fields of their own."""
_WIDEST_VIEW = 180.0


def profile_names(held_out: bool = False) -> list[str]:
    """Returns the names of the profiles that training may use; with `held_out` the twins' too."""
    return sorted({**_files(__name__), **(_files(_TWINS) if held_out else {})})


def load_profile(name: str, held_out: bool = False) -> Profile:
    """Returns the profile called `name`, or the one in the file `name` where that ends in ".yaml".

    Raises:
        ConfigError: no such profile, a mistake in its file, or it is held out and `held_out` is false.
    """
    twins = _files(_TWINS)
    if name.endswith(".yaml"):
        data = _read(Path(name).expanduser())
        called = str(data.get("name", ""))
    else:
        known = {**_files(__name__), **twins}
        called = name
        if name not in known:
            names = ", ".join(profile_names(held_out))
            raise ConfigError(f"There is no simulator profile '{name}'; known profiles: {names}, or the path of a .yaml file.")
        data = yaml.safe_load(known[name].read_text())
    if called in twins and not held_out:
        raise ConfigError(f"Profile '{called}' is held out: it stands in for reality, so nothing may be trained on it.")
    return _profile(data, name)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"The simulator profile {path} cannot be read: {error.strerror}.") from error
    except (UnicodeError, yaml.YAMLError) as error:
        raise ConfigError(f"The simulator profile {path} is no YAML: {' '.join(str(error).split())}.") from error
    known = {entry.name for entry in fields(Profile)}
    needed = {entry.name for entry in fields(Profile) if entry.default is MISSING}
    if not isinstance(data, dict) or not needed <= set(data) <= known:
        raise ConfigError(
            f"{path} is no simulator profile: it needs {', '.join(sorted(needed))} and knows nothing else than "
            f"{', '.join(sorted(known - needed))}."
        )
    for key, value in data.items():
        _check(value, key, path)
    return data


def _check(value: Any, key: str, path: Path) -> None:
    """Raises ConfigError: a field of the profile in `path` is not what it must be. Ranges are checked where they are parsed."""
    if key in _PARTS:
        parts = {entry.name for entry in fields(_PARTS[key])}
        if not isinstance(value, dict) or set(value) != parts:
            raise ConfigError(f"{path}: {key} must have {', '.join(sorted(parts))}, and nothing else; got {value!r}.")
        for part, entry in value.items():
            _check(entry, f"{key}.{part}", path)
    elif key in ("name", "description"):
        if not isinstance(value, str):
            raise ConfigError(f"{path}: {key} must be a text, got {value!r}.")
    elif key.endswith(".fovy"):
        if not _is_number(value) or not 0.0 < value < _WIDEST_VIEW:
            raise ConfigError(f"{path}: {key} must be above 0 and below {_WIDEST_VIEW:.0f} degrees, got {value!r}.")
    elif key == "ranges":
        if not isinstance(value, dict):
            raise ConfigError(f"{path}: ranges must be factors, each with its bounds, got {value!r}.")
    elif not isinstance(value, list) or len(value) != 3 or not all(map(_is_number, value)):
        raise ConfigError(f"{path}: {key} must be three numbers, got {value!r}.")
    elif key.endswith(("_color", ".diffuse", ".ambient")) and not all(0.0 <= entry <= 1.0 for entry in value):
        raise ConfigError(f"{path}: {key} must be from 0 to 1, got {value!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _profile(data: dict[str, Any], name: str) -> Profile:
    for key, kind in _PARTS.items():
        if key in data:
            data[key] = kind(**{field: _triple(value) for field, value in data[key].items()})
    ranges = parse_ranges(data.pop("ranges", {}), f"Profile '{name}'")
    return Profile(**{field: _triple(value) for field, value in data.items()}, ranges=ranges)


def _files(package: str) -> dict[str, Any]:
    """Returns the profiles' files in `package`, by profile name."""
    return {entry.name.removesuffix(".yaml"): entry for entry in files(package).iterdir() if entry.name.endswith(".yaml")}


def _triple(value: Any) -> Any:
    return tuple(float(entry) for entry in value) if isinstance(value, list) else value
