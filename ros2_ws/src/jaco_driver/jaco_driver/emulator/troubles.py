"""What can be made to go wrong with the emulated base, all of it off at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from jaco_core.errors import ConfigError


@dataclass(frozen=True)
class Troubles:
    """The switches. Times in s."""

    wrong_password: bool = False
    """Every password is wrong."""
    wrong_mode: bool = False
    """The base stays in low-level servoing, whatever it is asked: speeds are refused."""
    actuator_count: int = 0
    """The number of actuators that the base says it has and wants speeds for; 0: as many as there are."""
    rival_session: bool = False
    """Another session has taken control: the arm brakes, and what others command is refused."""
    emergency_stop: bool = False
    """The emergency stop is pressed: the arm brakes, and faults cannot be cleared until it is let go."""
    switched_off: bool = False
    """The base has no power, as after a push on the hardware's emergency stop: the arm brakes, connections are cut and new ones
    refused. When the power comes back, the base has forgotten sessions, faults and mode."""
    hung: bool = False
    """The base takes nothing in and answers nothing. What comes meanwhile is worked off when it goes on."""
    late_replies: float = 0.0
    """Answers on TCP come so much later; what was asked is done in time."""
    late_notifications: float = 0.0
    """Notifications come so much later."""
    stray_notifications: bool = False
    """Every session is told of everything, whether it subscribed or not."""
    early_notifications: bool = False
    """A subscription's first notification comes before the reply to the subscription."""
    garbled_replies: bool = False
    """What was asked is done, and the answers cannot be read."""
    deaf_stop: bool = False
    """A Stop is answered and not obeyed."""
    deaf_emergency_stop: bool = False
    """Every other ApplyEmergencyStop is answered and not obeyed."""
    lost_datagrams: float = 0.0
    """The share of the datagrams, both ways, that is lost."""
    frozen_feedback: bool = False
    """The feedback shows for ever what it showed when this began."""
    nan_feedback: bool = False
    """The first actuator's angle in the feedback is not a number."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.lost_datagrams <= 1.0:
            raise ConfigError(f"The share of lost datagrams must be from 0 to 1, got {self.lost_datagrams}.")
        if min(self.late_replies, self.late_notifications, self.actuator_count) < 0:
            raise ConfigError(f"Times and counts of the emulator's troubles cannot be negative, got {self}.")


def change(troubles: Troubles, texts: dict[str, str]) -> Troubles:
    """Returns `troubles` with those named in `texts` set to what their text says, as in {"hung": "true", "late_replies": "0.3"}.

    Raises:
        ConfigError: no such trouble, or a text that says nothing for it.
    """
    values: dict[str, bool | int | float] = {}
    for name, text in texts.items():
        if name not in KINDS:
            raise ConfigError(f"The emulator knows no trouble '{name}'; it knows {', '.join(KINDS)}.")
        values[name] = _read(name, text)
    return replace(troubles, **values)  # type: ignore[arg-type]


def _read(name: str, text: str) -> bool | int | float:
    kind: type[bool] | type[int] | type[float] = KINDS[name]
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ConfigError(f"The emulator's trouble '{name}' is true or false, got '{text}'.")
        return text.lower() == "true"
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"The emulator's trouble '{name}' is a number ({kind.__name__}), got '{text}'.") from None


KINDS: Mapping[str, Any] = MappingProxyType({field.name: type(field.default) for field in fields(Troubles)})
"""Name -> type of every trouble."""
