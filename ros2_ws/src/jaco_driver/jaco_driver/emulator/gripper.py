"""The emulated gripper: a Robotiq 2F-85 as the base sees it, one motor from 0 (open) to 1 (closed). It touches nothing."""

from __future__ import annotations

from jaco_core.models.robotiq_2f_85 import FULL_SPEED
from jaco_driver.kortex_wire.codes import GripperMode


class EmulatedGripper:
    """One motor that goes to a position, or at a speed until an end or a stop."""

    def __init__(self, position: float = 0.0) -> None:
        self.position = position
        self.velocity = 0.0
        self._goal: float | None = None
        self._speed = 0.0

    def command(self, mode: int, value: float) -> bool:
        """Takes a command as the base does and tells whether it can be carried out.

        POSITION: 0 open .. 1 closed. SPEED: +1 opens, -1 closes, as Kinova's documentation has it.
        """
        if mode == GripperMode.POSITION and 0.0 <= value <= 1.0:
            self._goal = value
        elif mode == GripperMode.SPEED and abs(value) <= 1.0:
            self._goal, self._speed = None, -value * FULL_SPEED
        else:
            return False
        return True

    def stop(self) -> None:
        """Holds where it is."""
        self._goal, self._speed = None, 0.0

    def step(self, seconds: float) -> None:
        """Advances by `seconds` [s]."""
        before = self.position
        if self._goal is None:
            wanted = before + self._speed * seconds
        else:
            reach = FULL_SPEED * seconds
            wanted = before + min(max(self._goal - before, -reach), reach)
        self.position = min(max(wanted, 0.0), 1.0)
        self.velocity = (self.position - before) / seconds
