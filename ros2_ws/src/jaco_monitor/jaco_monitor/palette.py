"""One colour per safety state, the same in the video, in RViz and in the terminal."""

from __future__ import annotations

from jaco_safety.reasons import State

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

INK: Color = (30, 30, 35)
PAPER: Color = (245, 244, 240)
REWARD: Color = (40, 170, 80)
UNKNOWN: Color = (150, 150, 150)
_STATES: dict[State, Color] = {
    State.STARTING: (120, 140, 170),
    State.READY: (70, 130, 200),
    State.ACTIVE: (40, 170, 80),
    State.LIMITED: (230, 170, 20),
    State.HOLD: (225, 120, 20),
    State.PROTECTIVE_STOP: (215, 60, 40),
    State.EMERGENCY_STOP: (170, 0, 30),
}


def state_color(state: int | None) -> Color:
    """Returns the colour of a safety state; grey for None and for numbers that are none."""
    return _STATES[State(state)] if state in _STATES else UNKNOWN


def state_name(state: int | None) -> str:
    """Returns the name of a safety state, "UNKNOWN" for None and for numbers that are none."""
    return State(state).name if state in _STATES else "UNKNOWN"
