"""Arms whose whole model is one MJCF file beside this one: links, joints, one velocity servo per joint, and the points as sites.

The sites "palm" and "elbow" must be there; their size is the radius of the part of the arm around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import as_file, files
from types import MappingProxyType
from typing import Any

import mujoco

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_core.models.parts import TrackedPoint, compensate_gravity

_POINTS = ("elbow", "wrist", "palm")
_NEEDED = frozenset({"elbow", "palm"})


def has_model(name: str) -> bool:
    """Tells whether there is a file for the arm called `name`."""
    return (files(__package__) / f"{name}.xml").is_file()


def build(arm: Arm) -> Any:
    """Returns the model of `arm` as an editable `mujoco.MjSpec`, its servos limited to the arm's speeds.

    Raises:
        ConfigError: its servos are not those of the arm's joints, in their order.
    """
    spec = _read(arm.name)
    names = tuple(actuator.name for actuator in spec.actuators)
    if names != arm.joint_names:
        raise ConfigError(
            f"The model of arm '{arm.name}' has servos for {', '.join(names)}; its joints: {', '.join(arm.joint_names)}."
        )
    for actuator, joint in zip(spec.actuators, arm.joints, strict=True):
        actuator.ctrllimited, actuator.ctrlrange = True, (-joint.max_velocity, joint.max_velocity)
    compensate_gravity(spec)
    return spec


@lru_cache
def tracked_points(name: str) -> tuple[TrackedPoint, ...]:
    """Returns the points of the arm called `name`, elbow first and palm last.

    Raises:
        ConfigError: its file lacks one that every arm must have.
    """
    spec = _read(name)  # its parts do not outlive it
    sites = {site.name: site for site in spec.sites}
    missing = _NEEDED - set(sites)
    if missing:
        raise ConfigError(f"The model of arm '{name}' lacks the site {' and '.join(sorted(missing))}.")
    return tuple(
        TrackedPoint(point, sites[point].parent.name, tuple(sites[point].pos), float(sites[point].size[0]))
        for point in _POINTS
        if point in sites
    )


@lru_cache
def links(name: str) -> Mapping[str, str]:
    """Returns the bodies of the arm called `name`: each is a link of its own, under its own name."""
    spec = _read(name)
    return MappingProxyType({body.name: body.name for body in spec.bodies if body.name != "world"})


def _read(name: str) -> Any:
    with as_file(files(__package__) / f"{name}.xml") as path:
        return mujoco.MjSpec.from_file(str(path))
