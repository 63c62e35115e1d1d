"""What the operator's keys mean, without ROS or terminal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from jaco_core.types import Vector, frozen_vector
from jaco_core.units import seconds_to_ns
from jaco_safety.modes import Mode

HELP = """\
1-9 choose a joint    + / -  jog it, while held (mode guided)    space  dead-man key, while held (mode supervised)
o g s a  mode observe, guided, supervised, autonomous            x  stop    r  reset    q  quit"""

_MODES = {"o": Mode.OBSERVE, "g": Mode.GUIDED, "s": Mode.SUPERVISED, "a": Mode.AUTONOMOUS}


class Request(Enum):
    """What a key asks for once."""

    STOP = "stop"
    RESET = "reset"
    QUIT = "quit"


@dataclass(frozen=True)
class Wish:
    """What the operator wants now. `jog` [rad/s], shape (n,), None: no command; `held`: the dead-man key is held."""

    jog: Vector | None
    held: bool


class Keys:
    """Turns key presses into wishes. A terminal tells of presses and repetition, not of release: a key is held for `hold` [s]."""

    def __init__(self, joints: int, speed: float, hold: float) -> None:
        self._joints, self._speed, self._hold_ns = joints, speed, seconds_to_ns(hold)
        self.joint = 0
        self._sign = 0.0
        self._jog_ns: int | None = None
        self._held_ns: int | None = None
        self._guided = False

    def press(self, key: str, now_ns: int) -> Mode | Request | None:
        """Takes a key pressed or repeated at `now_ns`; returns the mode or the request that it stands for, or None."""
        if key.isdigit() and 1 <= int(key) <= self._joints:
            self.joint, self._jog_ns = int(key) - 1, None
        elif key in "+=-":
            self._sign, self._jog_ns = (-1.0 if key == "-" else 1.0), now_ns
            self._held_ns = now_ns
        elif key == " ":
            self._held_ns = now_ns
        elif key in _MODES:
            self._guided, self._jog_ns = _MODES[key] is Mode.GUIDED, None
            return _MODES[key]
        return {"x": Request.STOP, "r": Request.RESET, "q": Request.QUIT}.get(key)

    def wish(self, now_ns: int) -> Wish:
        """Returns what is wanted at `now_ns`. In guided mode a joint that is not jogged is told to stand still."""
        jogging = self._within(self._jog_ns, now_ns)
        jog = np.zeros(self._joints)
        if jogging:
            jog[self.joint] = self._sign * self._speed
        return Wish(frozen_vector(jog) if self._guided else None, self._within(self._held_ns, now_ns))

    def _within(self, then_ns: int | None, now_ns: int) -> bool:
        return then_ns is not None and now_ns - then_ns <= self._hold_ns
