"""What the supervisor holds an arm to: one YAML file per arm in config/, checked on the way in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from jaco_core.errors import ConfigError
from jaco_core.parameters import build, parameter, parameters_of


@dataclass(frozen=True)
class SafetyLimits:
    """Limits beyond the arm's own positions, speeds and accelerations (jaco_core.arms). Points are in its base frame, z up."""

    arm: str = parameter("", "Arm that these limits are for.")
    workspace_lower: list[float] = parameter([], "Lowest x, y, z of every tracked point.", unit="m")
    workspace_upper: list[float] = parameter([], "Highest x, y, z of every tracked point.", unit="m")
    table_height: float = parameter(0.0, "Height of the table's surface.", unit="m", lower=-2.0, upper=2.0)
    table_clearance: float = parameter(0.0, "Kept free between the arm and the table.", unit="m", lower=0.0, upper=0.5)
    position_margin: float = parameter(0.0, "Kept free before a joint's limit.", unit="rad", lower=0.0, upper=0.5)
    position_fault_margin: float = parameter(
        0.0, "A joint measured farther than this beyond its limit is a protective stop.", unit="rad", lower=0.0, upper=0.5
    )
    workspace_fault_margin: float = parameter(
        0.0,
        "A point measured farther than this beyond box or table clearance is a protective stop.",
        unit="m",
        lower=0.0,
        upper=0.5,
    )
    reaction_time: float = parameter(
        0.0,
        "Time that a command goes on before the next one takes effect, in braking distances.",
        unit="s",
        lower=0.001,
        upper=0.5,
    )
    command_age: float = parameter(
        0.0,
        "Oldest policy command that is acted on, by its stamp against the newest joint state.",
        unit="s",
        lower=0.01,
        upper=5.0,
    )
    joint_silence: float = parameter(
        0.0, "Longest wait for a new joint state, on the local steady clock, in real time.", unit="s", lower=0.01, upper=5.0
    )
    standstill: float = parameter(0.0, "A joint slower than this stands still.", unit="rad/s", lower=1e-4, upper=0.5)
    cooldown: float = parameter(0.0, "Shortest time between a stop and its reset.", unit="s", lower=0.0, upper=60.0)
    jump_margin: float = parameter(
        0.0,
        "Joints that moved by this much more than their speed allows were placed, not moved.",
        unit="rad",
        lower=0.01,
        upper=1.0,
    )

    def __post_init__(self) -> None:
        for name in ("workspace_lower", "workspace_upper"):
            corner = getattr(self, name)
            if len(corner) != 3 or not all(isinstance(value, int | float) and math.isfinite(value) for value in corner):
                raise ConfigError(f"Safety limit '{name}' must be three finite numbers x, y, z [m], got {corner}.")
            object.__setattr__(self, name, [float(value) for value in corner])
        for axis, lower, upper in zip("xyz", self.workspace_lower, self.workspace_upper, strict=True):
            if not lower < upper:
                raise ConfigError(f"The workspace is empty along {axis}: lower {lower} m is not below upper {upper} m.")
        floor = self.table_height + self.table_clearance
        if not floor < self.workspace_upper[2]:
            top = self.workspace_upper[2]
            raise ConfigError(f"The table with its clearance ends at {floor} m, above the workspace's top at {top} m.")


def load_limits(arm: str, path: str = "") -> SafetyLimits:
    """Returns the limits for `arm` from the YAML file `path`, or from the packaged file of that arm when `path` is empty.

    Raises:
        ConfigError: no such file, a file for another arm, or a key that is missing, unknown, of the wrong type or out of bounds.
    """
    if path:
        source = Path(path)
        if not source.is_file():
            raise ConfigError(f"There is no file '{path}' with safety limits.")
        text, origin = source.read_text(encoding="utf-8"), path
    else:
        packaged = files(__package__) / "config" / f"{arm}.yaml"
        if not packaged.is_file():
            raise ConfigError(f"There are no packaged safety limits for arm '{arm}'; give a YAML file as 'limits_file'.")
        text, origin = packaged.read_text(encoding="utf-8"), f"config/{arm}.yaml"
    try:
        limits = _parse(yaml.safe_load(text))
    except (ConfigError, yaml.YAMLError) as error:
        raise ConfigError(f"Safety limits in {origin}: {error}") from error
    if limits.arm != arm:
        raise ConfigError(f"Safety limits in {origin} are for arm '{limits.arm}', and the arm is '{arm}'.")
    return limits


def _parse(data: Any) -> SafetyLimits:
    if not isinstance(data, dict):
        raise ConfigError("expected one mapping of limits.")
    # A limit that was forgotten must not silently become a default.
    missing = [info.name for info in parameters_of(SafetyLimits) if info.name not in data]
    if missing:
        raise ConfigError(f"missing {', '.join(missing)}.")
    return build(SafetyLimits, data)
