"""Simulation models of the arms, found by name: one MJCF file each, or a module where a file alone does not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jaco_core.arms import Arm, arm_names
from jaco_core.errors import ConfigError
from jaco_core.models import gen3, j2n6s300, mjcf
from jaco_core.models.parts import TrackedPoint


@dataclass(frozen=True)
class ArmModel:
    """How to build an arm (`build` returns an editable `mujoco.MjSpec`) and which points on it have names.

    `links`: body -> the link that contacts name; bodies that count as one share a name. `hand`: the body that carries a payload.
    """

    build: Callable[[Arm], Any]
    points: tuple[TrackedPoint, ...]
    links: Mapping[str, str]
    hand: str


MODELS: Mapping[str, ArmModel] = MappingProxyType(
    {
        "gen3": ArmModel(gen3.build, gen3.TRACKED_POINTS, gen3.LINKS, "gripper"),
        "j2n6s300": ArmModel(j2n6s300.build, j2n6s300.TRACKED_POINTS, j2n6s300.LINKS, "hand"),
    }
)


def arm_model(arm: Arm) -> ArmModel:
    """Returns the model of `arm`.

    Raises:
        ConfigError: there is none.
    """
    if arm.name in MODELS:
        return MODELS[arm.name]
    if mjcf.has_model(arm.name):
        points = mjcf.tracked_points(arm.name)
        return ArmModel(mjcf.build, points, mjcf.links(arm.name), points[-1].body)
    known = sorted({*MODELS, *(name for name in arm_names() if mjcf.has_model(name))})
    raise ConfigError(f"There is no simulation model of arm '{arm.name}'; known: {', '.join(known)}.")
