"""Arm descriptions: one YAML file per arm in this folder, found by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from jaco_core.errors import ConfigError
from jaco_core.types import Vector, frozen_vector


@dataclass(frozen=True)
class Joint:
    """One driven joint: position limits [rad], infinite when continuous; speed [rad/s] and acceleration [rad/s^2] limits."""

    name: str
    kind: str
    lower: float
    upper: float
    max_velocity: float
    max_acceleration: float


@dataclass(frozen=True)
class Arm:
    """A robot arm as the graph sees it: its driven joints in order, their limits and its frames."""

    name: str
    description: str
    joints: tuple[Joint, ...]
    home: Vector
    base_frame: str
    tool_frame: str
    state_rate_hz: float

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        return tuple(joint.name for joint in self.joints)

    @cached_property
    def lower(self) -> Vector:
        """Lowest position [rad], shape (n,)."""
        return frozen_vector([joint.lower for joint in self.joints])

    @cached_property
    def upper(self) -> Vector:
        """Highest position [rad], shape (n,)."""
        return frozen_vector([joint.upper for joint in self.joints])

    @cached_property
    def max_velocity(self) -> Vector:
        """[rad/s], shape (n,)."""
        return frozen_vector([joint.max_velocity for joint in self.joints])

    @cached_property
    def max_acceleration(self) -> Vector:
        """[rad/s^2], shape (n,)."""
        return frozen_vector([joint.max_acceleration for joint in self.joints])

    def __len__(self) -> int:
        return len(self.joints)


def arm_names() -> list[str]:
    """Returns the names of the arms that are known."""
    return sorted(entry.name.removesuffix(".yaml") for entry in files(__name__).iterdir() if entry.name.endswith(".yaml"))


def load_arm(name: str) -> Arm:
    """Returns the arm called `name`.

    Raises:
        ConfigError: no such arm, or its file breaks a rule (positive finite speeds, ordered limits, home within them).
    """
    if name not in arm_names():
        raise ConfigError(f"There is no arm '{name}'; known arms: {', '.join(arm_names())}.")
    return _parse(name, yaml.safe_load((files(__name__) / f"{name}.yaml").read_text()))


def _parse(name: str, data: dict[str, Any]) -> Arm:
    joints = tuple(Joint(**entry) for entry in data["joints"])
    home = frozen_vector(data["home"])
    for joint in joints:
        speeds = np.array([joint.max_velocity, joint.max_acceleration])
        # Written so that NaN fails too: a comparison with NaN is false.
        if not (np.all(np.isfinite(speeds)) and np.all(speeds > 0.0) and joint.lower < joint.upper):
            raise ConfigError(
                f"Arm '{name}', joint '{joint.name}': limits must be numbers with lower < upper and positive speeds, got {joint}."
            )
    if len(home) != len(joints):
        raise ConfigError(f"Arm '{name}' has {len(joints)} joints and a home position of {len(home)} angles.")
    for joint, angle in zip(joints, home, strict=True):
        if not joint.lower <= angle <= joint.upper:
            raise ConfigError(
                f"Arm '{name}': home {angle:.3f} rad of '{joint.name}' lies outside [{joint.lower:.3f}, {joint.upper:.3f}]."
            )
    return Arm(
        data["name"], data["description"], joints, home, data["base_frame"], data["tool_frame"], float(data["state_rate_hz"])
    )
