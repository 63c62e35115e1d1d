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
from jaco_safety.supervision import SupervisionLimits, parse_supervision


@dataclass(frozen=True)
class SafetyLimits:
    """Limits beyond the arm's own positions, speeds and accelerations (jaco_core.arms). Lengths are in its base frame, z up."""

    arm: str = parameter("", "Arm that these limits are for.")
    workspace_lower: list[float] = parameter([], "Lowest x, y, z of every link.", unit="m")
    workspace_upper: list[float] = parameter([], "Highest x, y, z of every link.", unit="m")
    table_height: float = parameter(0.0, "Height of the table's surface.", unit="m", lower=-2.0, upper=2.0)
    table_clearance: float = parameter(0.0, "Kept free between the arm and the table.", unit="m", lower=0.0, upper=0.5)
    self_clearance: float = parameter(0.0, "Kept free between links that could touch.", unit="m", lower=0.0, upper=0.2)
    half_spaces: list[list[float]] = parameter(
        [], "Planes x, y, z, d that every link stays above: x, y, z is a unit vector that points inside, d its height.", unit="m"
    )
    keep_out_boxes: list[list[float]] = parameter(
        [], "Boxes that every link stays out of: lowest x, y, z, then highest x, y, z.", unit="m"
    )
    tool_speed: float = parameter(0.0, "Top speed of the palm, in full mode.", unit="m/s", lower=0.01, upper=2.0)
    elbow_speed: float = parameter(0.0, "Top speed of the elbow, in full mode.", unit="m/s", lower=0.01, upper=2.0)
    reduced_speed: float = parameter(
        0.0, "Top speed of palm and elbow in reduced mode, with people near.", unit="m/s", lower=0.01, upper=0.25
    )
    singular_value: float = parameter(
        0.0,
        "Below this smallest singular value of the palm's Jacobian its top speed sinks in proportion.",
        unit="m/rad",
        lower=0.0,
        upper=1.0,
    )
    singular_margin: float = parameter(
        0.0,
        "Part of the singular value that is left to the time which slowing down takes.",
        unit="m/rad",
        lower=0.0,
        upper=0.5,
    )
    singular_share: float = parameter(0.0, "Share of its top speed that the palm always keeps.", lower=0.05, upper=1.0)
    torque_limits: list[float] = parameter([], "Highest measured torque per joint; beyond it no further push.", unit="N m")
    contact_torques: list[float] = parameter(
        [], "Torque per joint from outside that counts as a contact: a protective stop.", unit="N m"
    )
    contact_force: float = parameter(
        0.0, "Force from outside on the palm that counts as a contact: a protective stop.", unit="N", lower=1.0, upper=500.0
    )
    push_share: float = parameter(
        0.0, "Share of a contact torque from which on a joint is not pushed further.", lower=0.05, upper=1.0
    )
    approach_rate: float = parameter(
        0.0, "Highest speed towards anything per distance left: the exponential slow-down.", unit="1/s", lower=0.5, upper=20.0
    )
    speed_margin: float = parameter(
        0.0, "Share of every joint's speed limit that is left to the servo's tracking error.", lower=0.0, upper=0.5
    )
    cartesian_margin: float = parameter(
        0.0,
        "Part of palm's and elbow's speed limits that is left to the servo's error and to the arm's turning within a tick.",
        unit="m/s",
        lower=0.0,
        upper=0.2,
    )
    distance_margin: float = parameter(
        0.0,
        "Part of every distance that is left to the servo's tracking error and to the curvature of braking paths.",
        unit="m",
        lower=0.0,
        upper=0.1,
    )
    acceleration_tolerance: float = parameter(
        0.0,
        "By how much the servo may exceed a commanded acceleration, mean over a tick.",
        unit="rad/s^2",
        lower=0.0,
        upper=50.0,
    )
    position_margin: float = parameter(0.0, "Kept free before a joint's limit.", unit="rad", lower=0.0, upper=0.5)
    position_fault_margin: float = parameter(
        0.0, "A joint measured farther than this beyond its limit is a protective stop.", unit="rad", lower=0.0, upper=0.5
    )
    workspace_fault_margin: float = parameter(
        0.0,
        "A link measured farther than this beyond workspace, keep-out box, table or self-clearance is a protective stop.",
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
    supervision: SupervisionLimits = parameter(None, "Freshness, authority, resumption and modes: jaco_safety/supervision.py.")

    def __post_init__(self) -> None:
        for name in ("workspace_lower", "workspace_upper"):
            corner = getattr(self, name)
            if len(corner) != 3 or not all(isinstance(value, int | float) and math.isfinite(value) for value in corner):
                raise ConfigError(f"Safety limit '{name}' must be three finite numbers x, y, z [m], got {corner}.")
            object.__setattr__(self, name, [float(value) for value in corner])
        for axis, lower, upper in zip("xyz", self.workspace_lower, self.workspace_upper, strict=True):
            if not lower < upper:
                raise ConfigError(f"The workspace is empty along {axis}: lower {lower} m is not below upper {upper} m.")
        for name in ("torque_limits", "contact_torques"):
            values = getattr(self, name)
            if not values or not all(isinstance(value, int | float) and 0.0 < value < math.inf for value in values):
                raise ConfigError(f"Safety limit '{name}' must be one positive finite number per joint [N m], got {values}.")
        for name, length in (("half_spaces", 4), ("keep_out_boxes", 6)):
            for entry in getattr(self, name):
                if not isinstance(entry, list) or len(entry) != length or not all(_is_finite(value) for value in entry):
                    raise ConfigError(f"Safety limit '{name}' must list entries of {length} finite numbers [m], got {entry}.")
        for x, y, z, _ in self.half_spaces:
            if abs(math.hypot(x, y, z) - 1.0) > 1e-3:
                raise ConfigError(f"Safety limit 'half_spaces': ({x}, {y}, {z}) must be a unit vector.")
        for box in self.keep_out_boxes:
            if not all(low < high for low, high in zip(box[:3], box[3:], strict=True)):
                raise ConfigError(f"Safety limit 'keep_out_boxes': {box} must give the lowest and then the highest corner.")
        slowest = self.singular_share * min(self.tool_speed, self.elbow_speed, self.reduced_speed)
        if self.tool_speed > 0.0 and not self.cartesian_margin < slowest:
            raise ConfigError(
                f"Safety limit 'cartesian_margin' is {self.cartesian_margin} m/s; the slowest speed that it is taken from, "
                f"next to singular postures in reduced mode, is {slowest:.3f} m/s."
            )
        floor = self.table_height + self.table_clearance
        if not floor < self.workspace_upper[2]:
            top = self.workspace_upper[2]
            raise ConfigError(f"The table with its clearance ends at {floor} m, above the workspace's top at {top} m.")


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


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
    return build(SafetyLimits, {**data, "supervision": parse_supervision(data)})
