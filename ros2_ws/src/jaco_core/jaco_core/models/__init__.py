"""Simulation models of the arms: one module per arm with a builder and the points that are tracked on it, found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_core.models import gen3, j2n6s300
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
        "gen3": ArmModel(gen3.build, gen3.TRACKED_POINTS, gen3.LINKS, "bracelet"),
        "j2n6s300": ArmModel(j2n6s300.build, j2n6s300.TRACKED_POINTS, j2n6s300.LINKS, "hand"),
    }
)


def arm_model(arm: Arm) -> ArmModel:
    """Returns the model of `arm`.

    Raises:
        ConfigError: there is none.
    """
    if arm.name not in MODELS:
        raise ConfigError(f"There is no simulation model of arm '{arm.name}'; known: {', '.join(MODELS)}.")
    return MODELS[arm.name]
