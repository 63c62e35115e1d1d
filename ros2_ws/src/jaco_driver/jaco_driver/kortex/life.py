"""Where a port to a Kortex arm stands, and the only ways from one state to the next."""

from __future__ import annotations

import threading
from enum import Enum

from jaco_core.errors import HardwareFault
from jaco_core.types import Vector
from jaco_driver.kortex.gate import Gate
from jaco_driver.kortex.mailbox import Mailbox
from jaco_driver.port import ArmInFault, ConnectionLost, NotActive, PortClosed


class Phase(Enum):
    """The states."""

    CLOSED = "closed"
    INACTIVE = "inactive"
    ACTIVE = "active"
    LOST = "lost"


class Life:
    """The phase and its reason, with the gate and the mailbox, which are open only while active. Any thread may call."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.mailbox: Mailbox[Vector] = Mailbox()
        self.lock = threading.RLock()
        self.phase = Phase.CLOSED
        self.reason: HardwareFault | None = None

    def open(self) -> None:
        """The connection is made, for the first time or again; the arm is to stand."""
        with self.lock:
            self.phase, self.reason = Phase.INACTIVE, None

    def reopen(self) -> bool:
        """The connection that was lost is made again; returns False when nobody waits for it any more: the port was closed."""
        with self.lock:
            if self.phase is not Phase.LOST:
                return False
            self.open()
            return True

    def close(self) -> None:
        """The port is closed."""
        with self.lock:
            self.rest()
            self.phase = Phase.CLOSED

    def activate(self) -> None:
        """Velocities may come. Raises ConnectionLost."""
        with self.lock:
            self.check_lost()
            self.mailbox.take()
            self.phase, self.reason = Phase.ACTIVE, None
            self.gate.open()

    def rest(self) -> None:
        """No velocity leaves any more."""
        with self.lock:
            self.gate.shut()
            self.mailbox.take()
            if self.phase is Phase.ACTIVE:
                self.phase = Phase.INACTIVE

    def fault(self, why: str) -> bool:
        """Ends activity because of a fault; returns whether there was any."""
        with self.lock:
            if self.phase is not Phase.ACTIVE:
                return False
            self.rest()
            self.reason = ArmInFault(why)
            return True

    def lose(self, why: str) -> bool:
        """The connection is lost; returns whether that is new."""
        with self.lock:
            if self.phase in (Phase.CLOSED, Phase.LOST):
                return False
            self.rest()
            self.phase = Phase.LOST
            self.reason = ConnectionLost(f"{why} The connection is given up and made again; the arm stays stopped.")
            return True

    def forgive(self) -> None:
        """Somebody has cleared the fault."""
        with self.lock:
            self.reason = None

    def check_open(self) -> None:
        """Raises PortClosed."""
        if self.phase is Phase.CLOSED:
            raise PortClosed("The arm is not connected: configure it first.")

    def check_lost(self) -> None:
        """Raises ConnectionLost."""
        if self.phase is Phase.LOST:
            raise self.reason or ConnectionLost("The connection to the arm is lost.")

    def check_active(self) -> None:
        """Raises ConnectionLost, ArmInFault, NotActive."""
        self.check_lost()
        if self.phase is not Phase.ACTIVE:
            raise self.reason or NotActive("The arm is not active: activate it before sending velocities.")
