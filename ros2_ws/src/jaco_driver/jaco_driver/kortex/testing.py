"""Kortex arms on the bench: the backend against the fake base, and through Kinova's client against the emulator.

Both are driven in real time. What a bench does to its arm returns when the backend has noticed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from jaco_core.arms import Arm, load_arm
from jaco_core.errors import TimeoutExceeded
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.kortex.arm import KortexArm
from jaco_driver.kortex.fake_base import FakeBase
from jaco_driver.kortex.fake_client import FakeVendor
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.port import ArmInFault, ConnectionLost, PortClosed

_PATIENCE = 20.0
_POLL = 0.005

# Time-outs that a busy machine, which tests run on, does not break by itself.
PATIENT = KortexSettings(
    robot_ip="127.0.0.1",
    call_timeout=0.5,
    stop_timeout=1.0,
    rest_timeout=1.5,
    command_timeout=0.5,
    feedback_timeout=1.0,
    heartbeat_timeout=15.0,
    shortest_retry=0.05,
    longest_retry=0.2,
)


@cache
def wheel_problem() -> str:
    """Returns why Kinova's client cannot be imported by a process of its own, "" when it can."""
    script = "from jaco_driver.kortex.loader import load_vendor; load_vendor()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]


def wait_for(condition: Callable[[], bool], what: str, timeout: float = _PATIENCE) -> None:
    """Returns when `condition` holds. Raises TimeoutExceeded after `timeout` [s], naming `what`."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutExceeded(f"After {timeout:.0f} s still waiting for {what}.")
        time.sleep(_POLL)  # the poll interval of this bounded wait


class Bench:
    """An arm, its port, and what can be done to them."""

    arm: Arm
    port: KortexArm

    def pass_time(self, seconds: float) -> None:
        """Lets time pass, which nothing but the clock can."""
        time.sleep(seconds)

    def lost(self) -> bool:
        """Whether the port says that the connection is lost."""
        try:
            self.port.state(0)
        except ConnectionLost:
            return True
        except PortClosed:
            pass
        return False

    def in_fault(self) -> bool:
        """Whether an active port refuses velocities because of a fault."""
        try:
            self.port.send(np.zeros(len(self.arm)), 0)
        except ArmInFault:
            return True
        return False

    def _until_lost(self) -> None:
        if self.port.is_open:
            wait_for(self.lost, "the port to notice that its connection is cut")

    def _until_back(self) -> None:
        if self.port.is_open:
            wait_for(lambda: not self.lost(), "the port to connect again")


class Faked(Bench):
    """The backend with the fake base instead of Kinova's client."""

    def __init__(self, settings: KortexSettings = PATIENT, arm: str = "gen3") -> None:
        self.arm = load_arm(arm)
        self.base = FakeBase(JointMap(self.arm).count)
        self.base.accelerations = [float(value) for value in np.degrees(self.arm.max_acceleration[: self.base.count])]
        self.vendor = FakeVendor(self.base)
        self.port = KortexArm(self.arm, settings, self.vendor)

    def fault(self) -> None:
        self.base.fault()
        wait_for(self.in_fault, "the port to notice the fault")

    def disconnect(self) -> None:
        self.base.unreachable = True
        self._until_lost()

    def reconnect(self) -> None:
        self.base.unreachable = False
        self._until_back()

    def close(self) -> None:
        """Nothing is left behind."""


class Emulated(Bench):
    """The backend with Kinova's client against the emulator, over TCP and UDP."""

    def __init__(self, settings: KortexSettings = PATIENT, arm: str = "gen3") -> None:
        self.arm = load_arm(arm)
        self.emulator = Emulator(arm)
        self.emulator.place(self.arm.home)
        own = replace(settings, tcp_port=self.emulator.tcp_port, udp_port=self.emulator.udp_port)
        self.port = KortexArm(self.arm, own)

    def fault(self) -> None:
        self.emulator.fault("MAXIMUM_CURRENT")
        wait_for(self.in_fault, "the port to notice the fault")

    def disconnect(self) -> None:
        self.emulator.set_troubles(hung=True)
        self._until_lost()

    def reconnect(self) -> None:
        self.emulator.set_troubles(hung=False)
        self._until_back()

    def close(self) -> None:
        """Ends the emulator."""
        self.emulator.close()
