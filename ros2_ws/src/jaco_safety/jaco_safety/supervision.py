"""What the supervisor asks of its inputs and its modes: the section `supervision` of the arm's limits file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jaco_core.errors import ConfigError
from jaco_core.parameters import build, describe, parameter, parameters_of
from jaco_safety.modes import MODE_NAMES, Mode, ModeLimits
from jaco_safety.reasons import OUTCOMES, Reason, State

SECTION = "supervision"


@dataclass(frozen=True)
class SupervisionLimits:
    """Freshness, authority, resumption, modes. Ages are judged on the source's stamp and on local receipt."""

    image_age: float = parameter(
        0.0, "Oldest camera image that the policy may act on, in real time.", unit="s", lower=0.02, upper=5.0
    )
    picture_speed: float = parameter(
        0.0,
        "Palm or elbow faster than this must change the camera's picture within image_age, in real time.",
        unit="m/s",
        lower=0.01,
        upper=1.0,
    )
    pause: float = parameter(
        0.0,
        "After so long without an answer the arm's side may have braked by itself: motion starts anew, in real time.",
        unit="s",
        lower=0.02,
        upper=1.0,
    )
    heartbeat_age: float = parameter(0.0, "Oldest operator heartbeat, in modes that need one.", unit="s", lower=0.05, upper=2.0)
    clock_jump: float = parameter(
        0.0,
        "By how much a stamp may run ahead of the local steady clock from one joint state to the next.",
        unit="s",
        lower=0.02,
        upper=5.0,
    )
    authority_period: float = parameter(
        0.0, "Time between two counts of the publishers of command topics.", unit="s", lower=0.05, upper=1.0
    )
    agreement: float = parameter(
        0.0,
        "After a reset or a change of mode, commanded and measured joint speeds must agree so well.",
        unit="rad/s",
        lower=0.001,
        upper=1.0,
    )
    ramp_up: float = parameter(
        0.0, "After a reset or a change of mode, proposals are scaled up from zero in this time.", unit="s", lower=0.0, upper=10.0
    )
    self_resuming: list[str] = parameter(
        [], "Protective stops that end by themselves, under the conditions of a reset: reasons by name."
    )
    modes: dict[str, Any] = parameter({}, "Per mode its speed_scale, reduced and heartbeat.")

    def __post_init__(self) -> None:
        allowed = [reason.value for reason, outcome in OUTCOMES.items() if outcome.state is State.PROTECTIVE_STOP]
        for name in self.self_resuming:
            if name not in allowed:
                raise ConfigError(f"'self_resuming' names '{name}', which is no protective stop; choices: {', '.join(allowed)}.")
        if sorted(self.modes) != sorted(MODE_NAMES):
            raise ConfigError(f"'modes' must describe {', '.join(MODE_NAMES)}; it describes {', '.join(self.modes) or 'none'}.")
        built = {Mode(name): _complete(ModeLimits, entry, f"mode '{name}'") for name, entry in self.modes.items()}
        object.__setattr__(self, "_by_mode", built)

    def of(self, mode: Mode) -> ModeLimits:
        """Returns what `mode` holds the arm to."""
        by_mode: Mapping[Mode, ModeLimits] = getattr(self, "_by_mode")  # noqa: B009 (set in __post_init__ of a frozen class)
        return by_mode[mode]

    def resumes(self, reason: Reason) -> bool:
        """Tells whether a stop for `reason` may end by itself."""
        return reason.value in self.self_resuming


def parse_supervision(data: Mapping[str, Any]) -> SupervisionLimits:
    """Returns the section `supervision` of a limits file's mapping `data`.

    Raises:
        ConfigError: the section or a key is missing, unknown, of the wrong type or out of bounds.
    """
    if not isinstance(data.get(SECTION), dict):
        raise ConfigError(f"Safety limits lack the section '{SECTION}'.")
    limits: SupervisionLimits = _complete(SupervisionLimits, data[SECTION], f"section '{SECTION}'")
    return limits


def describe_modes(limits: SupervisionLimits) -> str:
    """Returns a Markdown table of the modes, for the documentation."""
    rows = ["| mode | who proposes | joint speed | palm and elbow | dead-man key |", "| --- | --- | --- | --- | --- |"]
    proposer = {Mode.OBSERVE: "policy; nothing moves", Mode.GUIDED: "operator"}
    for mode in Mode:
        own = limits.of(mode)
        speed = "reduced" if own.reduced else "full"
        held = "must be held" if own.heartbeat else "not needed"
        rows.append(f"| {mode.value} | {proposer.get(mode, 'policy')} | {own.speed_scale:.0%} | {speed} | {held} |")
    return "\n".join(rows)


def describe_supervision() -> str:
    """Returns a Markdown table of the section's keys, for the documentation."""
    return describe(SupervisionLimits)


def _complete(kind: type, values: Any, where: str) -> Any:
    """Builds `kind` from all of its keys: one that was forgotten must not silently become a default."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where} must be a mapping, got {values!r}.")
    missing = [info.name for info in parameters_of(kind) if info.name not in values]
    if missing:
        raise ConfigError(f"{where} lacks {', '.join(missing)}.")
    return build(kind, values)
