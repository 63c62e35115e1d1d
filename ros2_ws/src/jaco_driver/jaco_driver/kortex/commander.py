"""The thread that commands speeds: at most one remote call per period, always the newest velocity."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from jaco_core.errors import HardwareFault
from jaco_core.types import Vector
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_driver.kortex.calls import Calls
from jaco_driver.kortex.feedback import REST_SPEED
from jaco_driver.kortex.gate import Gate, GateShut
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.mailbox import Mailbox
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.port import ConnectionLost

# [s] How often an idle session is asked whether it lives.
_IDLE_PERIOD = 0.5
_PACE_LENGTH = 4096
# Change of the gripper's speed (-1..1) that is worth a call.
_GRIPPER_STEP = 0.02


class Commander(threading.Thread):
    """Takes velocities from `mailbox` while `gate` is open, and asks for a sign of life while it is shut.

    When no velocity comes for the command time-out it commands rest by itself, whatever the rest of the process does, and never
    sends a velocity that is older. `failed` is called with what went wrong; `beat` in every period, with whether the arm may
    move; `slept` with how long [s] it was not run while the arm might move, before anything else is sent.
    """

    def __init__(
        self,
        settings: KortexSettings,
        joints: JointMap,
        gate: Gate,
        mailbox: Mailbox[Vector],
        calls: Callable[[], Calls | None],
        failed: Callable[[HardwareFault, Calls], None],
        beat: Callable[[bool], None],
        slept: Callable[[float], None],
    ) -> None:
        super().__init__(name="kortex commands", daemon=True)
        self._settings = settings
        self._joints = joints
        self._gate = gate
        self._mailbox = mailbox
        self._calls = calls
        self._failed = failed
        self._beat = beat
        self._slept = slept
        self._ending = threading.Event()
        self._opening: int | None = None
        self._velocity: Vector | None = None
        self._gripper = 0.0
        self._fed_ns = 0
        self._asked_ns = 0
        self._speeds_due = False
        self._gripper_went = False
        self.pace: deque[tuple[int, int]] = deque(maxlen=_PACE_LENGTH)
        """When each speed command went out (steady) and how old it was then [ns]."""
        self.beaten_ns = time.monotonic_ns()
        """When the thread last came round (steady)."""

    @property
    def moves(self) -> bool:
        """Whether the arm is told to move."""
        velocity = self._velocity
        if velocity is None or self._opening is None or self._opening != self._gate.opening:
            return False
        return bool(np.any(np.abs(velocity[: self._joints.count]) > REST_SPEED))

    def end(self) -> None:
        """Asks the thread to end; it does within one call's time-out."""
        self._ending.set()

    def run(self) -> None:
        due = time.monotonic()
        while not self._ending.is_set():
            self.turn()
            # A late period is not made up for: two commands in a row would serve nobody.
            due = max(due + self._settings.command_period, time.monotonic())
            self._ending.wait(due - time.monotonic())

    def turn(self) -> None:
        """Comes round once."""
        before_ns, self.beaten_ns = self.beaten_ns, time.monotonic_ns()
        asleep = ns_to_seconds(self.beaten_ns - before_ns)
        # A computer that was suspended, a process that was stopped: what the base did meanwhile is not known here.
        if asleep > self._settings.longest_turn and self._gate.opening is not None and self._gate.opening == self._opening:
            self._slept(asleep)
        opening = self._gate.opening
        self._beat(opening is not None)
        calls = self._calls()
        if calls is not None:
            self._attempt(calls, opening)

    def _attempt(self, calls: Calls, opening: int | None) -> None:
        try:
            if opening is None:
                self._ask(calls)
            else:
                self._command(calls, opening)
        except GateShut:
            pass
        except HardwareFault as error:
            self._failed(error, calls)
        except Exception as error:  # noqa: BLE001 - a thread's edge: the vendor's client may raise anything, and this thread goes on
            self._failed(ConnectionLost(f"Kinova's client failed: {type(error).__name__}: {error}."), calls)

    def _ask(self, calls: Calls) -> None:
        now_ns = time.monotonic_ns()
        if ns_to_seconds(now_ns - self._asked_ns) >= _IDLE_PERIOD:
            self._asked_ns = now_ns
            calls.arm_state()

    def _command(self, calls: Calls, opening: int) -> None:
        now_ns = time.monotonic_ns()
        if opening != self._opening:
            self._opening, self._velocity, self._gripper, self._speeds_due, self._fed_ns = opening, None, 0.0, False, now_ns
        letter = self._mailbox.take()
        if letter is not None:
            self._velocity, self._fed_ns = letter
            self._speeds_due = True
        if self._velocity is not None and now_ns - self._fed_ns > seconds_to_ns(self._settings.command_timeout):
            self._speeds_due = self._speeds_due or bool(np.any(self._velocity))
            self._velocity, self._fed_ns = np.zeros_like(self._velocity), now_ns
        if self._velocity is None:
            return
        with self._gate.through(opening):
            self._send(calls, self._velocity)

    def _send(self, calls: Calls, velocity: Vector) -> None:
        """Makes one call: the gripper's when its speed has changed and the arm's was sent just before, else the arm's."""
        gripper = self._joints.gripper_speed(velocity)
        turn = abs(gripper - self._gripper) > _GRIPPER_STEP or (gripper == 0.0) != (self._gripper == 0.0)
        if turn and not (self._speeds_due and self._gripper_went):
            self._gripper_went = True
            calls.gripper(gripper)
            self._gripper = gripper
        elif self._speeds_due:
            self._gripper_went = False
            self._speeds_due = False
            start_ns = time.monotonic_ns()
            self.pace.append((start_ns, start_ns - self._fed_ns))
            calls.speeds(self._joints.speeds_deg(velocity))
